"""What single configuration classes can do beyond `Config`, written by hand.

`BASES` tells which class here a generated class is built on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from numpy.typing import ArrayLike

from lightlane import _native
from lightlane._alignment import AlignmentMethods
from lightlane._base import Config
from lightlane._exceptions import ParameterError
from lightlane._lane_methods import LaneMethods
from lightlane._optics_methods import (
    EvanescentCouplerMethods,
    GratingCouplerMethods,
    RingModulatorMethods,
    StaticModulator,
)

if TYPE_CHECKING:
    from lightlane._config import Connector, Coupler, Fiber

__all__ = [
    "BASES",
    "AlignmentMethods",
    "Block",
    "ConnectorMethods",
    "CouplerMethods",
    "CtleMethods",
    "EvanescentCouplerMethods",
    "FiberMethods",
    "GratingCouplerMethods",
    "LaneMethods",
    "OpticsParts",
    "PackagePresets",
    "RingModulatorMethods",
    "StaticModulator",
    "SyntheticNetwork",
    "TdecqPresets",
    "TracePresets",
]

Part = TypeVar("Part")

#: Base of a generated class by its name; `Config` for those that are not listed.
BASES = {
    "Alignment": "AlignmentMethods",
    "BoardConnector": "Block",
    "Connector": "ConnectorMethods",
    "Coupler": "CouplerMethods",
    "Ctle": "CtleMethods",
    "Eam": "StaticModulator",
    "EvanescentCoupler": "EvanescentCouplerMethods",
    "Fiber": "FiberMethods",
    "GratingCoupler": "GratingCouplerMethods",
    "Ideal": "Block",
    "Lane": "LaneMethods",
    "Lumped": "Block",
    "MachZehnder": "StaticModulator",
    "Optics": "OpticsParts",
    "Package": "PackagePresets",
    "RingModulator": "RingModulatorMethods",
    "Synthetic": "SyntheticNetwork",
    "TdecqConfig": "TdecqPresets",
    "Trace": "TracePresets",
    "Twinax": "Block",
    "Via": "Block",
}


class Block(Config):
    """An electrical block: a linear two-port between differential ports."""

    __slots__ = ()

    def network(self, freq_hz: ArrayLike) -> _native.Network:
        """Return the differential two-port, reference 100 ohm.

        Parameters
        ----------
        freq_hz : array
            Frequencies, Hz, ascending; 0 is exact.
        """
        return _native.block_network(type(self).__name__, self._native_json(), freq_hz)


class SyntheticNetwork(Config):
    """A path of a synthetic channel set: a four-port, as a measured channel is."""

    __slots__ = ()

    @staticmethod
    def recipe_names() -> tuple[str, ...]:
        """Return the names of the recipes.

        Examples
        --------
        >>> from lightlane import Synthetic
        >>> "synthetic-c2m-16db" in Synthetic.recipe_names()
        True
        """
        return tuple(_native.block_preset_names("Synthetic"))

    def network(self, freq_hz: ArrayLike) -> _native.Network:
        """Return the single-ended four-port, reference 50 ohm; ports 1 to 2 are one leg, 3 to 4 the other.

        Parameters
        ----------
        freq_hz : array
            Frequencies, Hz: 0 and upwards in equal steps.

        Examples
        --------
        >>> from lightlane import Synthetic
        >>> four_port = Synthetic(recipe="synthetic-c2m-16db").network([0.0, 53.125e9])
        >>> round(float(four_port.differential().insertion_loss_db(53.125e9)))
        16
        """
        return _native.block_network(type(self).__name__, self._native_json(), freq_hz)


class TdecqPresets(Config):
    """Rules of a TDECQ measurement, by name too."""

    __slots__ = ()

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the rules of a standard.

        Parameters
        ----------
        name : str
            One of `preset_names`.

        Examples
        --------
        >>> from lightlane import TdecqConfig
        >>> TdecqConfig.preset("802.3dj").ffe_taps
        15
        """
        return cls.from_json(_native.tdecq_preset(name))

    @staticmethod
    def preset_names() -> tuple[str, ...]:
        """Return the names that `preset` knows."""
        return tuple(_native.tdecq_preset_names())


class PackagePresets(Block):
    """A package, by name too."""

    __slots__ = ()

    @classmethod
    def preset(cls, name: str, *, side: Literal["tx", "rx"] = "tx", **changes: Any) -> Self:
        """Return a published package.

        Parameters
        ----------
        name : str
            One of `preset_names`.
        side : {'tx', 'rx'}, default 'tx'
            End of the lane; the receiver's package is the mirror image.
        **changes
            Fields to change.
        """
        preset = cls.from_json(_native.block_preset("Package", name, side))
        return preset.replace(**changes) if changes else preset

    @staticmethod
    def preset_names() -> tuple[str, ...]:
        """Return the names of the presets."""
        return tuple(_native.block_preset_names("Package"))


class TracePresets(Block):
    """A trace, by the name of its material too."""

    __slots__ = ()

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return a trace in a named material.

        Parameters
        ----------
        name : str
            One of `preset_names`.
        **changes
            Fields to change, such as ``length_m``.
        """
        preset = cls.from_json(_native.block_preset("Trace", name, "tx"))
        return preset.replace(**changes) if changes else preset

    @staticmethod
    def preset_names() -> tuple[str, ...]:
        """Return the names of the materials."""
        return tuple(_native.block_preset_names("Trace"))


class CtleMethods(Config):
    """A CTLE, with its gains left to the receiver too."""

    __slots__ = ()

    @classmethod
    def auto(cls, **changes: Any) -> Self:
        """Return a CTLE whose gains are searched over the stage's own ranges, 0 to -20 dB and 0 to -6 dB.

        Parameters
        ----------
        **changes
            Fields to change, such as ``zero_hz``.
        """
        return cls(**{"gdc_db": "auto", "gdc2_db": "auto", **changes})


class CouplerMethods(Config):
    """A coupling: its loss."""

    __slots__ = ()

    def loss_db(self, wavelength_m: ArrayLike) -> Any:
        """Return excess and overlap in x and y, optical dB.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import Coupler
        >>> round(Coupler(offset_x_m=1e-6, excess_loss_db=0.5).loss_db(1.31e-6), 4)
        0.7052
        """
        return _native.coupler_loss_db(self._native_json(), wavelength_m)


class FiberMethods(Config):
    """A fibre: its dispersion and what that does to a small signal."""

    __slots__ = ()

    def dispersion_s_per_m2(self, wavelength_m: ArrayLike) -> Any:
        """Return the dispersion; 1 ps/(nm km) is 1e-6 s/m^2, positive is anomalous.

        Parameters
        ----------
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.

        Examples
        --------
        >>> from lightlane import Fiber
        >>> round(1e6 * Fiber().dispersion_s_per_m2(1550e-9), 2)
        17.46
        """
        return _native.fiber_dispersion_s_per_m2(self._native_json(), wavelength_m)

    def small_signal_response(
        self, freq_hz: ArrayLike, wavelength_m: ArrayLike, chirp: ArrayLike = 0.0
    ) -> Any:
        """Return the response of modulated optical power, 1 at 0 Hz, attenuation left out.

        Parameters
        ----------
        freq_hz : float or array
            Frequency of the modulation, Hz.
        wavelength_m : float or array
            Wavelength in vacuum, 0.8 to 2 um.
        chirp : float or array, default 0.0
            Phase over half the logarithm of the power, in a field exp(+j w t).

        Notes
        -----
        A real number that changes its sign at every null; 20 log10 of its size is electrical dB. Small signals only.
        J. Wang and K. Petermann, J. Lightwave Technol. 10 (1992) 96.

        Examples
        --------
        >>> from lightlane import Fiber
        >>> worst = Fiber(length_m=10e3, dispersion_zero_m=1324e-9, dispersion_slope_s_per_m3=93.0)
        >>> round(worst.small_signal_response(41.67e9, 1270e-9), 3)
        0.0
        """
        return _native.fiber_small_signal_response(self._native_json(), freq_hz, wavelength_m, chirp)


class ConnectorMethods(Config):
    """A mated fibre connector: its loss over random matings."""

    __slots__ = ()

    def loss_quantile_db(self, probability: ArrayLike) -> Any:
        """Return the loss that this share of random matings keeps, optical dB.

        The law is the lognormal one that has ``loss_mean_db`` and ``loss_97_db``; the lane itself takes ``loss_db``.

        Parameters
        ----------
        probability : float or array
            Share of matings, 1e-9 to 1 - 1e-9.

        Raises
        ------
        ParameterError
            For a probability outside its domain, or without the two figures.

        Examples
        --------
        >>> from lightlane import Connector
        >>> mpo = Connector(loss_mean_db=0.25, loss_97_db=0.75)
        >>> mpo.loss_quantile_db([0.5, 0.97]).round(4).tolist()
        [0.1925, 0.75]
        """
        return _native.connector_loss_quantile_db(self._native_json(), probability)


class OpticsParts(Config):
    """An optical section: the parts of its path by kind."""

    __slots__ = ()

    def echo_amplitudes(self) -> Any:
        """Return the field of every echo over the light's own: one for each pair of parts with a reflectance.

        The root of the two reflectances times the power transmission between them, one way; the power ripples by twice
        that at most. Lossless and aligned in polarization: an upper bound.

        Examples
        --------
        >>> from lightlane import Connector, Optics
        >>> path = [Connector(reflectance_db=-30.0), Connector(loss_db=1.0), Connector(reflectance_db=-40.0)]
        >>> Optics(path=path).echo_amplitudes().round(7).tolist()
        [0.0002512]
        """
        return _native.optics_echo_amplitudes(self._native_json())

    @property
    def couplers(self) -> tuple[Coupler, ...]:
        """Couplers of the path, in order."""
        from lightlane._config import Coupler

        return self._parts(Coupler)

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """Connectors of the path, in order."""
        from lightlane._config import Connector

        return self._parts(Connector)

    @property
    def fiber(self) -> Fiber | None:
        """The fibre of the path, None without one; a path of several has them in ``path``.

        Examples
        --------
        >>> from lightlane import Optics
        >>> Optics().fiber.length_m, len(Optics().couplers)
        (500.0, 2)
        """
        from lightlane._config import Fiber

        fibers = self._parts(Fiber)
        if len(fibers) > 1:
            requirement = "a path with one fibre at most"
            message = f"path = {len(fibers)} fibres: must be {requirement}"
            raise ParameterError(message, "path", len(fibers), requirement)
        return fibers[0] if fibers else None

    def _parts(self, kind: type[Part]) -> tuple[Part, ...]:
        return tuple(part for part in self.path if isinstance(part, kind))  # type: ignore[attr-defined]
