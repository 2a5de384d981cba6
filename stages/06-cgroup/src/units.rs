//! Numbers as people write them, and as the kernel does.

/// A size in bytes: `4096`, `64M`, `1.5G`, `64MiB`; K, M, G and T are powers of 1024, as in every cgroup file.
///
/// # Errors
/// An unknown unit, no number, zero, or more than 64 bits hold.
pub fn bytes(text: &str) -> Result<u64, String> {
    match bytes_or_none(text)? {
        0 => Err("it must be more than nothing".to_owned()),
        size => Ok(size),
    }
}

/// The same, and zero.
///
/// # Errors
/// As for [`bytes`].
pub fn bytes_or_none(text: &str) -> Result<u64, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let no_size = || "write a number and K, M, G or T, as in 64M".to_owned();
    if number.is_empty() {
        return Err(no_size());
    }
    let shift = match unit.to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("unknown unit {unit:?}; write a number and K, M, G or T, as in 64M")),
    };
    let too_big = || format!("{text} is more than this kernel can count");
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(1 << shift).filter(|size| *size <= i64::MAX as u64).ok_or_else(too_big);
    }
    let number: f64 = number.parse().map_err(|_| no_size())?;
    let size = number * (1_u64 << shift) as f64;
    if size < i64::MAX as f64 { Ok(size as u64) } else { Err(too_big()) }
}

/// How many of something.
///
/// # Errors
/// No number, or zero.
pub fn at_least_one(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("write a whole number, as in 20".to_owned()),
    }
}

/// How many CPUs' worth of time: from 0.01, the shortest share that the kernel accepts of its usual period.
///
/// # Errors
/// No number, or one out of range.
pub fn share_of_cpus(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "write a number of CPUs, as in 0.5".to_owned())?;
    if (0.01..=8192.0).contains(&share) { Ok(share) } else { Err("it must be from 0.01 to 8192".to_owned()) }
}

/// The numbers in a list such as `0-1,3`: see "List format" in cpuset(7).
pub fn list(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (plain(first)?, plain(last)?);
        if first > last || last > 65_535 {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// Digits only: `+1` is a number for Rust and none for the kernel.
fn plain(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A size as people read it: `64 MiB`, `1.5 GiB`, `512 B`.
pub fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let number = format!("{value:.1}");
    format!("{} {}", number.trim_end_matches(".0"), units[unit])
}

/// A duration as people read it, from microseconds: `1.52 s`, `80 ms`, `12 µs`.
pub fn duration(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{} ms", microseconds / 1_000),
        _ => format!("{:.2} s", microseconds as f64 / 1e6),
    }
}

/// A number and its noun: `1 process`, `2 processes`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("64M"), Ok(64 << 20));
        assert_eq!(bytes("64mib"), Ok(64 << 20));
        assert_eq!(bytes("64MB"), Ok(64 << 20));
        assert_eq!(bytes("1.5G"), Ok(3 << 29));
        assert_eq!(bytes_or_none("0"), Ok(0));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for wrong in ["", "M", "64Q", "64MM", "-1", "1e9", " 1", "1..2", "0", "9999999T", "99999999999999999999"] {
            assert!(bytes(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_share_of_cpus_is_positive_and_finite() {
        assert_eq!(share_of_cpus("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "NaN", "inf", "0.001", "one"] {
            assert!(share_of_cpus(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn lists_are_read_as_the_kernel_reads_them() {
        assert_eq!(list("0-1,3"), Some(vec![0, 1, 3]));
        for wrong in ["", "a", "1-0", "0,", "+1", "0-99999999"] {
            assert_eq!(list(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn sizes_and_durations_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size((64 << 20) - 1), "64 MiB");
        assert_eq!(size(u64::MAX), "16 EiB");
        assert_eq!(duration(80_900), "80 ms");
        assert_eq!(duration(1_520_000), "1.52 s");
        assert_eq!(count(1, "process", "processes"), "1 process");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = (bytes(&text), list(&text), share_of_cpus(&text));
        }

        #[test]
        fn a_plain_number_means_itself(number in 1..=i64::MAX as u64) {
            prop_assert_eq!(bytes(&number.to_string()), Ok(number));
        }
    }
}
