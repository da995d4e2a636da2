use lightlane::lane::*;
use lightlane::medium::optics::*;
use lightlane::Run;
use std::time::Instant;
fn show(label: &str, lane: &Lane) {
    let t = Instant::now();
    let p = PreparedLane::new(lane, &mut Networks::default(), std::path::Path::new("."), &Run::default());
    let p = match p { Ok(p) => p, Err(e) => { println!("{label}: prepare {e}"); return } };
    let t1 = t.elapsed();
    match p.analyze(&Run::default()) {
        Ok(r) => {
            let o = p.optical.as_ref().unwrap();
            println!("{label}: ber {:.2e} margin {:.2} dB snr {:.2} resid {:?} er {:.2} rlm {:.3} oma {:.2} dBm prep {:?} total {:?}", r.ber, r.margin_db, r.snr_db, r.nonlinear_residual, o.extinction_ratio_db, o.level_mismatch, lightlane::units::w_to_dbm(o.oma_w), t1, t.elapsed());
            if std::env::args().any(|a| a == "-v") { for w in &r.warnings { println!("   {w}") } println!("   {:?}", r.levels_v); println!("   {:?}", r.noise_budget); for s in &o.stages { println!("   {s:?}") } }
        }
        Err(e) => println!("{label}: analyze {e}"),
    }
}
fn main() {
    let base = preset("cpo-dr1").unwrap();
    for m in [None, Some(4), Some(5), Some(6)] { let mut l = base.clone(); l.record_memory = m; show(&format!("mzm {m:?}"), &l); }
    let with = |f: &dyn Fn(&mut Optics)| { let mut l = base.clone(); for b in &mut l.medium { if let Block::Optics(o) = b { f(o) } } l };
    for d in [-1.0, -0.5, -0.35, -0.25, 0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75, 1.0, 1.5] {
        let ring = RingModulator::default();
        let lw = ring.linewidth_hz();
        let l = with(&|o| { o.modulator = RingModulator { detuning_hz: d * lw, ..ring.clone() }.into(); o.driver.swing_v = 2.5; });
        show(&format!("ring {d}"), &l);
    }
    let l = with(&|o| { o.modulator = Eam::default().into(); });
    show("eam", &l);
}
