//! The digits of a double as Redis finds them.
//!
//! Redis uses Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010): it
//! works with 64 bits and one rounded power of ten, so its digits always read back as the same number, but about once
//! in a thousand there are more of them than needed, or the last one is not the nearest. Clients see those digits, so ours are found the same way.

/// `significand · 2^exponent`, with 64 bits in the significand.
#[derive(Clone, Copy)]
struct Wide {
    significand: u64,
    exponent: i32,
}

impl Wide {
    /// The upper 64 bits of the product, rounded.
    fn times(self, other: Wide) -> Wide {
        let product = u128::from(self.significand) * u128::from(other.significand);
        Wide {
            significand: ((product + (1 << 63)) >> 64) as u64,
            exponent: self.exponent + other.exponent + 64,
        }
    }

    /// The same number with its highest bit set.
    fn normalized(self) -> Wide {
        let shift = self.significand.leading_zeros();
        Wide {
            significand: self.significand << shift,
            exponent: self.exponent - shift as i32,
        }
    }
}

const HIDDEN_BIT: u64 = 1 << 52;

/// The digits of a positive finite number, and the power of ten of the last one.
pub(crate) fn digits(number: f64) -> (Vec<u8>, i32) {
    let bits = number.to_bits();
    let (fraction, biased) = (bits & (HIDDEN_BIT - 1), (bits >> 52) as i32);
    let exact = match biased {
        0 => Wide {
            significand: fraction,
            exponent: -1074,
        },
        _ => Wide {
            significand: fraction | HIDDEN_BIT,
            exponent: biased - 1075,
        },
    };
    // Halfway to the neighbours; the one below a power of two is nearer.
    let upper = Wide {
        significand: (exact.significand << 1) + 1,
        exponent: exact.exponent - 1,
    }
    .normalized();
    let nearer = if exact.significand == HIDDEN_BIT {
        2
    } else {
        1
    };
    let lower = Wide {
        significand: (exact.significand << nearer) - 1,
        exponent: exact.exponent - nearer,
    };
    let lower = Wide {
        significand: lower.significand << (lower.exponent - upper.exponent),
        exponent: upper.exponent,
    };
    let (power, decimal) = power_for(upper.exponent);
    let number = exact.normalized().times(power);
    let (mut upper, mut lower) = (upper.times(power), lower.times(power));
    // What was rounded may be off by one.
    upper.significand -= 1;
    lower.significand += 1;
    let mut digits = Vec::with_capacity(18);
    let last = generate(number, upper, lower, &mut digits) - decimal;
    (digits, last)
}

/// Writes digits of `upper` until what is left is within the interval, then moves the last one towards the number.
/// Gives the power of ten of the last digit.
fn generate(number: Wide, upper: Wide, lower: Wide, digits: &mut Vec<u8>) -> i32 {
    let mut distance = upper.significand - number.significand;
    let mut width = upper.significand - lower.significand;
    let shift = -upper.exponent;
    let one = 1u64 << shift;
    let (mut whole, mut rest) = (upper.significand >> shift, upper.significand & (one - 1));
    for power in (0..10).rev() {
        let unit = 10u64.pow(power);
        let digit = whole / unit;
        if digit > 0 || !digits.is_empty() {
            digits.push(b'0' + digit as u8);
        }
        whole %= unit;
        let left = (whole << shift) + rest;
        if left <= width {
            round(digits, width, left, unit << shift, distance);
            return power as i32;
        }
    }
    let mut power = 0;
    loop {
        rest *= 10;
        width *= 10;
        distance = distance.wrapping_mul(10);
        power -= 1;
        let digit = rest >> shift;
        if digit > 0 || !digits.is_empty() {
            digits.push(b'0' + digit as u8);
        }
        rest &= one - 1;
        if rest < width {
            round(digits, width, rest, one, distance);
            return power;
        }
    }
}

/// Lowers the last digit while that brings it nearer to the number and stays inside the interval.
fn round(digits: &mut [u8], width: u64, mut left: u64, unit: u64, distance: u64) {
    while left < distance
        && width - left >= unit
        && (left + unit < distance || distance - left > left + unit - distance)
    {
        if let Some(digit) = digits.last_mut() {
            *digit -= 1;
        }
        left += unit;
    }
}

/// The power of ten that brings a number with this binary exponent into the range in which digits are taken from it, and
/// its decimal exponent. Where two would do, the choice decides some digits, so it is Redis's.
fn power_for(exponent: i32) -> (Wide, i32) {
    const LOG10_OF_2: f64 = 0.301_029_995_663_981_14;
    let estimate = (f64::from(-(exponent + POWERS.len() as i32)) * LOG10_OF_2) as i32;
    let mut at = ((estimate - FIRST_POWER) / POWER_STEP) as usize;
    loop {
        let (significand, own) = POWERS[at];
        match exponent + own + 64 {
            ..-60 => at += 1,
            -31.. => at -= 1,
            _ => {
                let power = Wide {
                    significand,
                    exponent: own,
                };
                return (power, FIRST_POWER + at as i32 * POWER_STEP);
            }
        }
    }
}

const FIRST_POWER: i32 = -348;
const POWER_STEP: i32 = 8;

/// Every eighth power of ten from 10^-348, rounded to 64 bits: significand and binary exponent.
const POWERS: [(u64, i32); 87] = [
    (0xfa8f_d5a0_081c_0288, -1220),
    (0xbaae_e17f_a23e_bf76, -1193),
    (0x8b16_fb20_3055_ac76, -1166),
    (0xcf42_894a_5dce_35ea, -1140),
    (0x9a6b_b0aa_5565_3b2d, -1113),
    (0xe61a_cf03_3d1a_45df, -1087),
    (0xab70_fe17_c79a_c6ca, -1060),
    (0xff77_b1fc_bebc_dc4f, -1034),
    (0xbe56_91ef_416b_d60c, -1007),
    (0x8dd0_1fad_907f_fc3c, -980),
    (0xd351_5c28_3155_9a83, -954),
    (0x9d71_ac8f_ada6_c9b5, -927),
    (0xea9c_2277_23ee_8bcb, -901),
    (0xaecc_4991_4078_536d, -874),
    (0x823c_1279_5db6_ce57, -847),
    (0xc210_9436_4dfb_5637, -821),
    (0x9096_ea6f_3848_984f, -794),
    (0xd774_85cb_2582_3ac7, -768),
    (0xa086_cfcd_97bf_97f4, -741),
    (0xef34_0a98_172a_ace5, -715),
    (0xb238_67fb_2a35_b28e, -688),
    (0x84c8_d4df_d2c6_3f3b, -661),
    (0xc5dd_4427_1ad3_cdba, -635),
    (0x936b_9fce_bb25_c996, -608),
    (0xdbac_6c24_7d62_a584, -582),
    (0xa3ab_6658_0d5f_daf6, -555),
    (0xf3e2_f893_dec3_f126, -529),
    (0xb5b5_ada8_aaff_80b8, -502),
    (0x8762_5f05_6c7c_4a8b, -475),
    (0xc9bc_ff60_34c1_3053, -449),
    (0x964e_858c_91ba_2655, -422),
    (0xdff9_7724_7029_7ebd, -396),
    (0xa6df_bd9f_b8e5_b88f, -369),
    (0xf8a9_5fcf_8874_7d94, -343),
    (0xb944_7093_8fa8_9bcf, -316),
    (0x8a08_f0f8_bf0f_156b, -289),
    (0xcdb0_2555_6531_31b6, -263),
    (0x993f_e2c6_d07b_7fac, -236),
    (0xe45c_10c4_2a2b_3b06, -210),
    (0xaa24_2499_6973_92d3, -183),
    (0xfd87_b5f2_8300_ca0e, -157),
    (0xbce5_0864_9211_1aeb, -130),
    (0x8cbc_cc09_6f50_88cc, -103),
    (0xd1b7_1758_e219_652c, -77),
    (0x9c40_0000_0000_0000, -50),
    (0xe8d4_a510_0000_0000, -24),
    (0xad78_ebc5_ac62_0000, 3),
    (0x813f_3978_f894_0984, 30),
    (0xc097_ce7b_c907_15b3, 56),
    (0x8f7e_32ce_7bea_5c70, 83),
    (0xd5d2_38a4_abe9_8068, 109),
    (0x9f4f_2726_179a_2245, 136),
    (0xed63_a231_d4c4_fb27, 162),
    (0xb0de_6538_8cc8_ada8, 189),
    (0x83c7_088e_1aab_65db, 216),
    (0xc45d_1df9_4271_1d9a, 242),
    (0x924d_692c_a61b_e758, 269),
    (0xda01_ee64_1a70_8dea, 295),
    (0xa26d_a399_9aef_774a, 322),
    (0xf209_787b_b47d_6b85, 348),
    (0xb454_e4a1_79dd_1877, 375),
    (0x865b_8692_5b9b_c5c2, 402),
    (0xc835_53c5_c896_5d3d, 428),
    (0x952a_b45c_fa97_a0b3, 455),
    (0xde46_9fbd_99a0_5fe3, 481),
    (0xa59b_c234_db39_8c25, 508),
    (0xf6c6_9a72_a398_9f5c, 534),
    (0xb7dc_bf53_54e9_bece, 561),
    (0x88fc_f317_f222_41e2, 588),
    (0xcc20_ce9b_d35c_78a5, 614),
    (0x9816_5af3_7b21_53df, 641),
    (0xe2a0_b5dc_971f_303a, 667),
    (0xa8d9_d153_5ce3_b396, 694),
    (0xfb9b_7cd9_a4a7_443c, 720),
    (0xbb76_4c4c_a7a4_4410, 747),
    (0x8bab_8eef_b640_9c1a, 774),
    (0xd01f_ef10_a657_842c, 800),
    (0x9b10_a4e5_e991_3129, 827),
    (0xe710_9bfb_a19c_0c9d, 853),
    (0xac28_20d9_623b_f429, 880),
    (0x8044_4b5e_7aa7_cf85, 907),
    (0xbf21_e440_03ac_dd2d, 933),
    (0x8e67_9c2f_5e44_ff8f, 960),
    (0xd433_179d_9c8c_b841, 986),
    (0x9e19_db92_b4e3_1ba9, 1013),
    (0xeb96_bf6e_badf_77d9, 1039),
    (0xaf87_023b_9bf0_ee6b, 1066),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares `significand · 2^exponent` with `10^power` in whole numbers.
    fn error_in_half_units(significand: u64, exponent: i32, power: i32) -> std::cmp::Ordering {
        // | s · 2^e − 10^p | against 2^(e−1): multiply all by what makes them whole.
        let (mut left, mut right, mut half) = (big(significand), big(1), big(1));
        for _ in 0..power.unsigned_abs() {
            if power > 0 {
                times(&mut right, 10);
            } else {
                times(&mut left, 10);
                times(&mut half, 10);
            }
        }
        for _ in 0..(exponent - 1).unsigned_abs() {
            if exponent - 1 > 0 {
                times(&mut left, 2);
                times(&mut half, 2);
            } else {
                times(&mut right, 2);
            }
        }
        times(&mut left, 2);
        let (more, less) = if compare(&left, &right).is_ge() {
            (left, right)
        } else {
            (right, left)
        };
        compare(&minus(&more, &less), &half)
    }

    fn big(number: u64) -> Vec<u32> {
        vec![number as u32, (number >> 32) as u32]
    }

    fn times(number: &mut Vec<u32>, factor: u64) {
        let mut carry = 0;
        for limb in number.iter_mut() {
            let product = u64::from(*limb) * factor + carry;
            *limb = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            number.push(carry as u32);
        }
    }

    fn limb(number: &[u32], at: usize) -> u32 {
        number.get(at).copied().unwrap_or(0)
    }

    fn compare(a: &[u32], b: &[u32]) -> std::cmp::Ordering {
        let limbs = (0..a.len().max(b.len())).rev();
        limbs
            .map(|at| limb(a, at).cmp(&limb(b, at)))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    }

    fn minus(a: &[u32], b: &[u32]) -> Vec<u32> {
        let mut borrow = 0;
        let mut limbs = Vec::new();
        for at in 0..a.len() {
            let difference = i64::from(limb(a, at)) - i64::from(limb(b, at)) - borrow;
            borrow = i64::from(difference < 0);
            limbs.push(difference as u32);
        }
        limbs
    }

    #[test]
    fn every_power_of_the_table_is_the_nearest_one() {
        for (at, (significand, exponent)) in POWERS.into_iter().enumerate() {
            let power = FIRST_POWER + at as i32 * POWER_STEP;
            assert!(significand >> 63 == 1, "10^{power}");
            assert!(
                error_in_half_units(significand, exponent, power).is_le(),
                "10^{power}"
            );
        }
    }

    #[test]
    fn the_digits_of_any_double_read_back_as_the_same_number() {
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits((state ^ (state >> 29)) & !(1 << 63));
            if !number.is_finite() || number == 0.0 {
                continue;
            }
            let (digits, last) = digits(number);
            let text = format!("{}e{last}", String::from_utf8_lossy(&digits));
            assert_eq!(text.parse(), Ok(number), "{text}");
            assert!(digits.len() <= 17, "{text}");
        }
    }

    #[test]
    fn every_binary_exponent_finds_its_power_of_ten() {
        for biased in 0..2047u64 {
            for fraction in [0, 1, HIDDEN_BIT - 1] {
                let number = f64::from_bits(biased << 52 | fraction);
                if number > 0.0 {
                    let (digits, last) = digits(number);
                    let text = format!("{}e{last}", String::from_utf8_lossy(&digits));
                    assert_eq!(text.parse(), Ok(number), "{text}");
                }
            }
        }
    }
}
