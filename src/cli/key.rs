//! `key`: the public half of the key that signs archives, and what to do with it.

use super::args::KeyCommand;
use super::output;
use crate::app::App;
use crate::archive::review;
use crate::error::Result;

pub(super) fn key(app: &App, command: &KeyCommand) -> Result<()> {
    match command {
        KeyCommand::Show => {
            // Before the first start there was none: opening the house has made it, so that whoever is to check may be given
            // it before the first archive.
            let key = &app.public_key;
            let ([signature, one], [_, several]) = (review::commands(key, 1), review::commands(key, 2));
            output::line(&key.line());
            let text = format!(
                "\nGive this key to those who check archives, by another way than the archives. They run, in the top \
                 folder of the\nunpacked archive:\n\n  {signature}\n  {one}\n\nFor an archive of several parts, all \
                 unpacked into the same folder, the second command is:\n\n  {several}\n\nThe first says “Signature and \
                 comment signature verified”, the second nothing, if all is well."
            );
            text.lines().for_each(output::line);
        }
    }
    Ok(())
}
