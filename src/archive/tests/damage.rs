//! What happens to an archive's bytes on their way, and that it fails the build: each step of the proof ([`crate::archive::check`])
//! by itself.

use super::*;
use crate::archive::container::Method;
use crate::archive::pack::Proof;
use crate::sums::Quick;

/// A text that compresses.
fn text(lines: usize) -> Vec<u8> {
    (0..lines)
        .flat_map(|line| format!("{{\"id\": {line}, \"text\": \"berth {}\"}},\n", line * 7919).into_bytes())
        .collect()
}

/// The same with one bit of the byte at `at` turned.
fn turned(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    *bytes.get_mut(at).unwrap() ^= 1 << (at % 8);
    bytes
}

/// A bundle of files, some whole, some in chunks, some of these aside; not yet packed.
fn bundle() -> Bundle {
    let mut bundle = Bundle::default();
    let (begin, end) = (ChunkPosition { first: true, last: false }, ChunkPosition { first: false, last: true });
    bundle.directory("");
    bundle.add("whole.json", ChunkPosition::WHOLE, &text(20));
    bundle.add("stored.json", ChunkPosition::WHOLE, b"x");
    bundle.add_aside("aside.csv", begin, &text(12));
    bundle.add("chunks.json", begin, &text(15));
    bundle.add("waits.json", ChunkPosition::WHOLE, &text(11));
    bundle.add("chunks.json", end, &text(9));
    bundle.add_aside("aside.csv", end, &text(8));
    bundle
}

/// What may happen to something on its way.
type Step<'a, T> = &'a mut dyn FnMut(&mut T);

/// Builds a part of `bundle`: packed, written, read back. `between` are what may happen before it is written, and before it is
/// finished.
fn build(bundle: &mut Bundle, between: (Step<'_, Bundle>, Step<'_, PartWriter>)) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
    let mut writer = PartWriter::create(folder.path(), "Top", header().cut).unwrap();
    Packer::default().pack(bundle, &mut || {})?;
    (between.0)(bundle);
    writer.write(bundle)?;
    (between.1)(&mut writer);
    let written = writer.finish(1, &[], &key, "damaged")?;
    check(&written, &mut || Ok(())).map(drop)
}

#[test]
fn what_is_not_damaged_is_built() {
    build(&mut bundle(), (&mut |_| {}, &mut |_| {})).unwrap();
}

/// A compressor that made a mistake, and memory that changed under it. Some bits of what is packed mean nothing: then the seal
/// is another.
#[test]
fn what_was_packed_wrongly_is_found_where_it_was_packed() {
    let text = text(200);
    let mut bundle = Bundle::default();
    let places = [(true, true), (true, false), (false, true)].map(|(first, last)| ChunkPosition { first, last });
    for place in places {
        bundle.clear();
        bundle.add("a.json", place, &text);
        Packer::default().pack(&mut bundle, &mut || {}).unwrap();
        let data = bundle.packed().to_vec();
        assert!(data.len() > 1_000, "{}", data.len());
        let mut proof = Proof::default();
        let mut prove = |data: &[u8], text: &[u8]| -> Option<Quick> {
            let made = match place {
                ChunkPosition::WHOLE => proof.whole(Method::Deflated, data, text),
                ChunkPosition { last, .. } => proof.chunk(data, text, last),
            };
            made.map(|made| made.seal)
        };
        let seal = prove(&data, &text).unwrap();
        for at in 0..data.len() {
            assert!(prove(&turned(&data, at), &text).is_none_or(|found| found != seal), "packed byte {at}");
        }
        for at in (0..text.len()).step_by(7) {
            assert!(prove(&data, &turned(&text, at)).is_none(), "byte {at} of the text");
        }
        for length in [0, 1, data.len() / 2, data.len() - 1] {
            assert!(prove(data.get(..length).unwrap(), &text).is_none(), "{length} of {} bytes", data.len());
        }
        for other in [text.get(..text.len() - 1).unwrap(), &[text.as_slice(), b"x"].concat()] {
            assert!(prove(&data, other).is_none(), "{place:?}");
        }
        assert!(proof.whole(Method::Stored, &text, &turned(&text, 3)).is_none());
    }
}

/// A chunk that ends the stream, ends within a byte, or goes on would spoil the chunks behind it.
#[test]
fn a_chunk_must_be_one_that_others_can_follow() {
    let text = text(50);
    let packed = |last: bool| {
        let mut bundle = Bundle::default();
        bundle.add("a.json", ChunkPosition { first: !last, last }, &text);
        Packer::default().pack(&mut bundle, &mut || {}).unwrap();
        bundle.packed().to_vec()
    };
    let (chunk, end, mut proof) = (packed(false), packed(true), Proof::default());
    assert!(proof.chunk(&chunk, &text, false).is_some() && proof.chunk(&end, &text, true).is_some());
    assert!(proof.chunk(&end, &text, false).is_none(), "it ends the stream");
    assert!(proof.chunk(&chunk, &text, true).is_none(), "it does not end the stream");
    let both = [chunk.as_slice(), &end].concat();
    assert!(proof.chunk(&both, &text, false).is_none(), "more text stands behind it");
    assert!(proof.chunk(&[end.as_slice(), b"x"].concat(), &text, true).is_none(), "something stands behind the end");
    // The same without the empty block at its end.
    let unflushed = chunk.get(..chunk.len() - 4).unwrap();
    assert!(proof.chunk(unflushed, &text, false).is_none(), "it ends within a byte");
}

/// Between the packer and the writer: whole files are found when they are read back, chunks as they are taken, because their
/// text is hashed there.
#[test]
fn what_changes_between_packing_and_writing_is_found() {
    let mut sound = bundle();
    Packer::default().pack(&mut sound, &mut || {}).unwrap();
    let (packed, texts) = (sound.packed().len(), sound.bytes());
    for at in 0..packed {
        let outcome = build(&mut bundle(), (&mut |bundle| *bundle.buffers().0.get_mut(at).unwrap() ^= 4, &mut |_| {}));
        assert!(outcome.is_err(), "packed byte {at}");
    }
    // The text of a whole file has been hashed already, and is not looked at again.
    let (whole, chunks) = (text(20).len() + 1, text(12).len() + text(15).len());
    for at in [whole, whole + chunks - 1, texts - 1] {
        let outcome = build(&mut bundle(), (&mut |bundle| *bundle.buffers().1.get_mut(at).unwrap() ^= 4, &mut |_| {}));
        assert!(outcome.unwrap_err().to_string().contains("has changed since it was packed"), "byte {at} of the text");
    }
}

/// What waits beside the part, on the disk: files whose chunks come between others, the list of check sums, the directory.
#[test]
fn what_changes_while_it_waits_aside_is_found() {
    type Damage = fn(&mut PartWriter);
    let damages: [(&str, Damage); 4] = [
        ("a check sum", |part| part.damage_sums(3)),
        ("the last check sum's path", |part| part.damage_sums(-2)),
        ("the directory's first header", |part| part.container().damage_directory(16)),
        ("a name in the directory", |part| part.container().damage_directory(47)),
    ];
    for (what, damage) in damages {
        assert!(build(&mut bundle(), (&mut |_| {}, &mut |part| damage(part))).is_err(), "{what}");
    }
    // Of a file that waits until another has ended, and of one whose chunks come between others.
    for aside in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        let mut writer = PartWriter::create(folder.path(), "Top", header().cut).unwrap();
        let (mut packer, mut bundle) = (Packer::default(), Bundle::default());
        let (begin, end) = (ChunkPosition { first: true, last: false }, ChunkPosition { first: false, last: true });
        let mut write = |writer: &mut PartWriter, fill: &dyn Fn(&mut Bundle)| {
            bundle.clear();
            fill(&mut bundle);
            packer.pack(&mut bundle, &mut || {}).unwrap();
            writer.write(&bundle).unwrap();
        };
        write(&mut writer, &|bundle| bundle.add("open.json", begin, &text(9)));
        write(&mut writer, &|bundle| match aside {
            true => bundle.add_aside("waits.csv", begin, &text(30)),
            false => bundle.add("waits.json", ChunkPosition::WHOLE, &text(30)),
        });
        writer.damage_aside(9);
        if aside {
            write(&mut writer, &|bundle| bundle.add_aside("waits.csv", end, &text(3)));
        }
        write(&mut writer, &|bundle| bundle.add("open.json", end, &text(9)));
        let written = writer.finish(1, &[], &key, "damaged").unwrap();
        let outcome = check(&written, &mut || Ok(())).unwrap_err().to_string();
        assert!(outcome.contains("is not what was written"), "{outcome}");
    }
}

/// On the disk, wherever: in headers, in bytes, in the directory, also bits that no program looks at.
#[test]
fn every_flipped_bit_of_a_part_is_found() {
    let made = make(WHOLE);
    let part = made.parts.first().unwrap();
    let sound = fs::read(&part.written.path).unwrap();
    for position in (0..sound.len()).step_by(sound.len() / 2_000) {
        fs::write(&part.written.path, turned(&sound, position)).unwrap();
        assert!(check(&part.written, &mut || Ok(())).is_err(), "bit at {position} of {}", sound.len());
    }
    fs::write(&part.written.path, turned(&sound, sound.len() / 3)).unwrap();
    assert!(!made.problems(&made.paths()).is_empty());
    fs::write(&part.written.path, sound).unwrap();
    check(&part.written, &mut || Ok(())).unwrap();
}

/// Both headers of a file say the same, but not what was written: its name, CRC, length; and files that lie one in the other's
/// place.
#[test]
fn headers_that_agree_with_one_another_but_not_with_what_was_written_are_found() {
    let made = make(WHOLE);
    let part = made.parts.first().unwrap();
    let sound = fs::read(&part.written.path).unwrap();
    let find = |what: &[u8]| {
        let at = |(at, window): (usize, &[u8])| (window == what).then_some(at);
        sound.windows(what.len()).enumerate().filter_map(at).collect::<Vec<_>>()
    };
    let names = find(b"_CON.backup - 3/2026-03-28.json");
    let [local, central] = names.as_slice() else { panic!("two names were expected, of {}", names.len()) };
    let prefix = top_of(&header()).len() + "/Team_Chats/".len();
    let (local, central) = (local - prefix - 30, central - prefix - 46);
    // From where each header begins; the directory's has two bytes more before what both say.
    for (what, before) in [("time", 10), ("CRC", 14), ("size", 22), ("name", 30 + prefix + 3)] {
        let mut bytes = sound.clone();
        *bytes.get_mut(local + before).unwrap() ^= 1;
        *bytes.get_mut(central + before + if before < 30 { 2 } else { 16 }).unwrap() ^= 1;
        fs::write(&part.written.path, bytes).unwrap();
        let outcome = check(&part.written, &mut || Ok(())).unwrap_err().to_string();
        assert!(outcome.contains("is not what was written"), "{what}: {outcome}");
    }
}

#[test]
fn a_part_that_was_cut_short_or_goes_on_is_found() {
    let made = make(WHOLE);
    let part = made.parts.first().unwrap();
    let sound = fs::read(&part.written.path).unwrap();
    for length in [0, 21, 22, 1_000, sound.len() - 23, sound.len() - 1] {
        fs::write(&part.written.path, sound.get(..length).unwrap()).unwrap();
        assert!(check(&part.written, &mut || Ok(())).is_err(), "{length} bytes");
    }
    fs::write(&part.written.path, [sound.as_slice(), b"x"].concat()).unwrap();
    assert!(check(&part.written, &mut || Ok(())).is_err());
}
