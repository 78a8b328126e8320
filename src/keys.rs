//! Keys that nobody can guess: of sessions, forms, leases.

/// A new key: 32 random bytes from the operating system's generator, in hexadecimal.
#[must_use]
pub fn new_key() -> String {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes);
    hex(&bytes)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| byte_digits(*byte)).map(char::from).collect()
}

/// The digits of a SHA-256 without a text of their own: archives hold one for each file.
#[must_use]
pub fn hex_digits(hash: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    for (place, digit) in digits.iter_mut().zip(hash.iter().flat_map(|byte| byte_digits(*byte))) {
        *place = digit;
    }
    digits
}

fn byte_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xf].map(|nibble| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_differ() {
        assert_eq!(new_key().len(), 64);
        assert_ne!(new_key(), new_key());
        assert_eq!(hex(&[0, 0x5a, 0xff]), "005aff");
        assert_eq!(hex(&[0x5a; 32]).as_bytes(), hex_digits(&[0x5a; 32]));
    }
}
