//! Sizes as people write and read them: K, M, G and T are powers of 1024.

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size in bytes: `4096`, `64M`, `10GiB`.
///
/// # Errors
/// No whole number, an unknown unit, or more than 64 bits hold.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        number.parse().map_err(|_| "write a whole number of bytes, or K, M, G, T, as in 10G".to_owned())?;
    let power = match unit.to_ascii_lowercase().trim_end_matches("ib") {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(format!("unknown unit {unit:?}; write K, M, G or T, as in 10G")),
    };
    number.checked_mul(1 << (10 * power)).ok_or_else(|| format!("{text} is more than any disk holds"))
}

/// A size as people read it: `512 B`, `1.5 GiB`.
pub fn size_in_words(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(parse_size("4096"), Ok(4096));
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("2TiB"), Ok(2 << 40));
        for wrong in ["", "M", "1.5G", "-1", "64Q", "99999999T"] {
            assert!(parse_size(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let said = [0, 1023, 1024, 1536, (1 << 20) - 1, 1 << 30].map(size_in_words);
        assert_eq!(said, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 GiB"]);
    }
}
