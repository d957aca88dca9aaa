//! Decimal numbers of any size, as far as sprig's `addf` and its like need them.

use num_bigint::BigInt;
use std::str::FromStr;

/// `digits` times ten to the `power`.
pub(crate) struct Decimal {
    digits: BigInt,
    power: i32,
}

/// Decimal places that a quotient is rounded to.
const PLACES: i32 = 16;

impl Decimal {
    /// The shortest decimal that reads back as this number; `None` for infinity and what is no number.
    pub(crate) fn of_float(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let text = format!("{value:e}");
        let (digits, power) = text.split_once('e')?;
        let places = digits.split_once('.').map_or(0, |(_, places)| places.len() as i32);
        let digits = BigInt::from_str(&digits.replace('.', "")).ok()?;
        Some(Self { digits, power: power.parse::<i32>().ok()? - places })
    }

    fn aligned(&self, power: i32) -> BigInt {
        &self.digits * ten(self.power - power)
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let power = self.power.min(other.power);
        Self { digits: self.aligned(power) + other.aligned(power), power }
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        let power = self.power.min(other.power);
        Self { digits: self.aligned(power) - other.aligned(power), power }
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        Self { digits: &self.digits * &other.digits, power: self.power + other.power }
    }

    /// Rounded half away from zero; `None` when dividing by zero.
    pub(crate) fn div(&self, other: &Self) -> Option<Self> {
        let zero = BigInt::ZERO;
        if other.digits == zero {
            return None;
        }
        let shift = self.power - other.power + PLACES;
        let (above, below) = match shift {
            0.. => (&self.digits * ten(shift), other.digits.clone()),
            _ => (self.digits.clone(), &other.digits * ten(-shift)),
        };
        let (quotient, rest) = (&above / &below, &above % &below);
        let up = BigInt::from(rest.magnitude().clone()) * 2 >= BigInt::from(below.magnitude().clone());
        let step = match (above < zero) == (below < zero) {
            true => 1,
            false => -1,
        };
        Some(Self { digits: if up { quotient + step } else { quotient }, power: -PLACES })
    }

    /// The nearest float.
    pub(crate) fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, self.power).parse().unwrap_or(f64::NAN)
    }
}

fn ten(power: i32) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_decimals() {
        let of = |value| Decimal::of_float(value).unwrap();
        assert_eq!(of(0.1).add(&of(0.2)).to_float(), 0.3);
        assert_eq!(of(1.5).mul(&of(-2.25)).to_float(), -3.375);
        assert_eq!(of(1.0).div(&of(3.0)).unwrap().to_float(), 0.3333333333333333);
        assert_eq!(of(-2.0).div(&of(3.0)).unwrap().to_float(), -0.6666666666666667);
        assert!(of(1.0).div(&of(0.0)).is_none());
        assert!(Decimal::of_float(f64::INFINITY).is_none());
    }
}
