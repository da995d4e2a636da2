//! The list of every configuration struct: what documents, the Python classes and their validation are made from.

use super::{Aggressor, Channel, Lane, Retimer, Synthetic};
use crate::engine::tdecq::TdecqConfig;
use crate::medium::electrical::{BoardConnector, Ideal, Lumped, Package, PackageLine, Trace, Twinax, Via};
use crate::medium::optics::{
    Alignment, Connector, Coupler, Driver, Eam, EvanescentCoupler, Fiber, GratingCoupler, Laser, MachZehnder,
    Optics, Photodiode, RingModulator, Tia, Wavelengths,
};
use crate::receiver::{Adaptation, Adc, ClockRecovery, Ctle, Dfe, Ffe, Mlsd, Receiver, SettingRange};
use crate::response::Jitter;
use crate::schema::{Kind, Registry};
use crate::transmitter::Transmitter;
use std::sync::LazyLock;

/// Every configuration struct of the crate. A new one is added here and nowhere else.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        Registry::new(vec![
            Kind::of(Adaptation::validate),
            Kind::of(Adc::validate),
            Kind::of(Aggressor::validate),
            Kind::of(Alignment::validate),
            Kind::of(BoardConnector::validate),
            Kind::of(Channel::validate),
            Kind::of(ClockRecovery::validate),
            Kind::of(Connector::validate),
            Kind::of(Coupler::validate),
            Kind::of(Ctle::validate),
            Kind::of(Dfe::validate),
            Kind::of(Driver::validate),
            Kind::of(Eam::validate),
            Kind::of(EvanescentCoupler::validate),
            Kind::of(Ffe::validate),
            Kind::of(Fiber::validate),
            Kind::of(GratingCoupler::validate),
            Kind::of(Ideal::validate),
            Kind::of(Jitter::validate),
            Kind::of(Lane::validate),
            Kind::of(Laser::validate),
            Kind::of(Lumped::validate),
            Kind::of(MachZehnder::validate),
            Kind::of(Mlsd::validate),
            Kind::of(Optics::validate),
            Kind::of(Package::validate),
            // Its package checks it, and names its place among the lines.
            Kind::of(|_: &PackageLine| Ok(())),
            Kind::of(Photodiode::validate),
            Kind::of(Receiver::validate),
            Kind::of(RingModulator::validate),
            Kind::of(Retimer::validate),
            // What it may span depends on the setting, which its stage checks.
            Kind::of(|_: &SettingRange| Ok(())),
            Kind::of(Synthetic::validate),
            Kind::of(TdecqConfig::validate),
            Kind::of(Tia::validate),
            Kind::of(Trace::validate),
            Kind::of(Transmitter::validate),
            Kind::of(Twinax::validate),
            Kind::of(Via::validate),
            Kind::of(Wavelengths::validate),
        ])
    });
    &REGISTRY
}
