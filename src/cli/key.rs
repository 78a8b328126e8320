//! `key`: the public half of the key that signs archives, and what to do with it.

use super::args::KeyCommand;
use super::output;
use crate::app::{App, signing_key_file};
use crate::archive::review;
use crate::archive::sign::SigningKey;
use crate::error::Result;

pub(super) fn key(app: &App, command: &KeyCommand) -> Result<()> {
    match command {
        KeyCommand::Show => {
            // Before the first start there is none yet: whoever is to check may be given it before the first archive.
            let key = SigningKey::load_or_create(&signing_key_file(&app.settings))?.public();
            let ([signature, one], [_, several]) = (review::commands(&key, 1), review::commands(&key, 2));
            output::line(&key.line());
            output::line(&format!(
                "\nGive this key to those who check archives, by another way than the archives. They run, in the top \
                 folder of the\nunpacked archive:\n\n  {signature}\n  {one}\n\nFor an archive of several parts, all \
                 unpacked into the same folder, the second command is:\n\n  {several}\n\nThe first says “Signature and \
                 comment signature verified”, the second nothing, if all is well."
            ));
        }
    }
    Ok(())
}
