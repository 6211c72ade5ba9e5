//! Lower-case base 16 (RFC 4648 §8), the only base 16 that signatures are written in.

/// Renders bytes as lower-case digits.
pub fn render(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Parses exactly `2 * N` digits of either case.
pub fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(bytes)
}

/// The value of one digit of either case.
pub fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn digit(value: u8) -> char {
    char::from(if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_undoes_render() {
        let bytes: [u8; 256] = std::array::from_fn(|i| u8::try_from(i).unwrap_or(0));
        assert_eq!(parse(&render(&bytes)), Some(bytes));
    }

    #[test]
    fn refuses_other_lengths_and_letters() {
        assert_eq!(parse::<1>("f"), None);
        assert_eq!(parse::<1>("fff"), None);
        assert_eq!(parse::<1>("fg"), None);
        assert_eq!(parse::<1>("+f"), None);
        assert_eq!(parse::<1>("Ff"), Some([255]));
    }
}
