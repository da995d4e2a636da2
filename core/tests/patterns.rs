//! Test patterns against a slow reference written straight from the polynomials.

use lightlane::modulation::{Prbs, Prbs31q, gray_encode, prbs, prbs13q, prbs31q, ssprq};

/// Delays as listed in `PRBS_ORDERS` order, typed from the polynomials 1 + Σ x^d, not taken from the code.
const POLYNOMIALS: [(u32, &[usize]); 7] = [
    (7, &[6, 7]),
    (9, &[5, 9]),
    (11, &[9, 11]),
    (13, &[1, 2, 12, 13]),
    (15, &[14, 15]),
    (23, &[18, 23]),
    (31, &[28, 31]),
];

/// b_i = XOR b_(i-d) on a plain array whose head is the seed, oldest bit (S(n-1)) first.
fn reference(delays: &[usize], seed_oldest_first: &[u8], n: usize) -> Vec<u8> {
    let order = seed_oldest_first.len();
    let mut b = seed_oldest_first.to_vec();
    for i in order..order + n {
        b.push(delays.iter().fold(0, |x, d| x ^ b[i - d]));
    }
    b.split_off(order)
}

fn seed_bits(order: u32, seed: u32) -> Vec<u8> {
    (0..order).rev().map(|i| (seed >> i) as u8 & 1).collect()
}

fn counts(symbols: &[u8]) -> [usize; 4] {
    let mut c = [0; 4];
    symbols.iter().for_each(|s| c[usize::from(*s)] += 1);
    c
}

#[test]
fn every_order_follows_its_recurrence() {
    for (order, delays) in POLYNOMIALS {
        for seed in [1, 0x55 & ((1 << order) - 1), (1u32 << order) - 1] {
            let expected = reference(delays, &seed_bits(order, seed), 5000);
            assert_eq!(
                prbs(order, 5000, Some(seed)).expect("valid"),
                expected,
                "PRBS{order}, seed {seed:#x}"
            );
        }
        let ones = (1u32 << order) - 1;
        assert_eq!(prbs(order, 99, None), prbs(order, 99, Some(ones)));
    }
}

#[test]
fn no_order_is_time_reversed() {
    // A time-reversed sequence obeys the reciprocal polynomial and violates its own about half of the time.
    for (order, delays) in POLYNOMIALS {
        let mut b = prbs(order, 5000, None).expect("valid");
        let violations = |b: &[u8]| {
            let longest = order as usize;
            (longest..b.len()).filter(|i| b[*i] != delays.iter().fold(0, |x, d| x ^ b[i - d])).count()
        };
        assert_eq!(violations(&b), 0, "PRBS{order}");
        b.reverse();
        assert!(violations(&b) > 1500, "PRBS{order} equals its own reversal");
    }
}

#[test]
fn periods_repeat() {
    let q = prbs13q(Some(2 * 8191 + 5)).expect("valid");
    assert_eq!(q[..8191], prbs13q(None).expect("valid")[..]);
    assert_eq!(q[8191..], q[..8196]);
}

#[test]
fn prbs13q_is_the_standards() {
    // The example of 120.5.11.2.1 gives the register as S0..S12, newest first.
    let newest_first = [0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1];
    let seed: Vec<u8> = newest_first.iter().rev().copied().collect();
    let bits = reference(&[1, 2, 12, 13], &seed, 2 * 8191);
    let q = prbs13q(None).expect("valid");
    assert_eq!(q, gray_encode(&bits).expect("bits"));
    assert_eq!(counts(&q), [2047, 2048, 2048, 2048]);
}

#[test]
fn prbs31q_streams_the_inverted_sequence() {
    let n = 20_001;
    let inverted: Vec<u8> = reference(&[28, 31], &[1; 31], 2 * n).iter().map(|b| 1 - b).collect();
    let expected = gray_encode(&inverted).expect("bits");
    assert_eq!(prbs31q(n).expect("valid"), expected);
    let (mut stream, mut blocks) = (Prbs31q::new(None).expect("valid"), vec![0; n]);
    blocks.chunks_mut(611).for_each(|b| stream.fill(b));
    assert_eq!(blocks, expected);
}

#[test]
fn ssprq_is_the_standards() {
    let section = |seed: u32, n: usize| -> Vec<u8> {
        reference(&[28, 31], &seed_bits(31, seed), n).iter().map(|b| 1 - b).collect()
    };
    let a = [section(0x2, 10924), section(0x3401_3FF7, 10922), section(0x0CCC_CCCC, 10922)].concat();
    assert_eq!(a.len(), 32768);
    let bits = [&a[..], &a[..], &a[1..], &a[..32767]].concat();
    let mut expected = gray_encode(&bits).expect("bits");
    for (i, s) in expected.iter_mut().enumerate() {
        if (16384..=32767).contains(&i) || (49151..=65534).contains(&i) {
            *s = 3 - *s;
        }
    }
    let q = ssprq().expect("constant");
    assert_eq!(q, expected);
    assert_eq!(counts(&q), [15215, 17553, 17552, 15215]);
}

#[test]
fn long_sequences_are_streamed() {
    // A whole period, 8 Mbit, through one kilobyte: the register must be back at its seed.
    let mut register = Prbs::new(23, Some(1)).expect("valid");
    let (period, mut block) = (register.period() as usize, [0; 1024]);
    for _ in 0..period / 1024 {
        register.fill(&mut block);
    }
    register.fill(&mut block[..period % 1024]);
    assert_eq!(register.state(), 1);
}
