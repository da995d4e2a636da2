//! Segments of a lane: what lies between retimers, each a lane of its own.
//!
//! ```text
//! transmitter ── blocks ──► retimer ── blocks ──► retimer ── blocks ──► receiver
//! └────── segment 0 ──────┘└────── segment 1 ──────┘└────── segment 2 ──────┘
//! ```
//!
//! Nothing but decisions passes a retimer, so every segment is composed and analysed like a lane that ends there: with the
//! transmitter before it, the receiver behind it and the aggressors whose places it has. A retimer at either end of the
//! medium, or two in a row, have an ideal connection between them, as an empty medium has.

use crate::error::{Error, Result};
use crate::lane::{Aggressor, Block, Lane, Networks, PreparedLane, Retimer};
use crate::run::Run;
use std::path::Path;

/// Most retimers of a lane: two at either end.
pub const MAX_RETIMERS: usize = 4;

impl Lane {
    /// The retimers of the medium.
    pub fn retimers(&self) -> impl Iterator<Item = &Retimer> {
        self.medium.iter().filter_map(|b| if let Block::Retimer(r) = b { Some(&**r) } else { None })
    }

    /// The segments, each a lane without retimers; the lane itself where there are none. Code, interleaving and limit are
    /// those of the whole.
    ///
    /// ```
    /// use lightlane::lane::{Block, Lane, Retimer};
    /// let medium = vec![Block::Ideal(Default::default()), Block::Retimer(Box::new(Retimer::default()))];
    /// let segments = Lane { medium, ..Lane::default() }.segments()?;
    /// assert_eq!(segments.iter().map(|s| s.medium.len()).collect::<Vec<_>>(), [1, 0]);
    /// assert_eq!(segments[1].transmitter, Retimer::default().transmitter);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for an aggressor whose place is not told by the medium; [`Error::Unknown`] for a place that is
    /// not there.
    pub fn segments(&self) -> Result<Vec<Self>> {
        if self.retimers().next().is_none() {
            return Ok(vec![self.clone()]);
        }
        let of = |(i, aggressor)| self.aggressor_place(i, aggressor);
        let places = self.aggressors.iter().enumerate().map(of).collect::<Result<Vec<_>>>()?;
        let mut segments = Vec::new();
        let (mut first, mut transmitter, mut from) = (0, self.transmitter.clone(), "transmitter".to_string());
        for at in 0..=self.medium.len() {
            let (receiver, to, next) = match self.medium.get(at) {
                None => (&self.receiver, "receiver".to_string(), None),
                Some(Block::Retimer(r)) => (&r.receiver, self.label_of(at), Some(r)),
                Some(_) => continue,
            };
            let inside = |place: &usize| (first..at).contains(place);
            // An aggressor without a place falls to the first segment, which says that it has none.
            let belongs = |place: &Option<usize>| place.as_ref().map_or(first == 0, inside);
            let aggressors = self.aggressors.iter().zip(&places).filter(|(_, p)| belongs(p));
            let name = self.name.as_ref().map_or(String::new(), |n| format!("{n}: "));
            segments.push(Self {
                name: Some(format!("{name}{from} to {to}")),
                transmitter: transmitter.clone(),
                medium: self.medium[first..at].to_vec(),
                aggressors: aggressors.map(|(a, _)| a.clone()).collect(),
                receiver: receiver.clone(),
                ..self.clone()
            });
            if let Some(retimer) = next {
                (first, transmitter, from) = (at + 1, retimer.transmitter.clone(), to);
            }
        }
        Ok(segments)
    }

    /// The lane with the receivers of its segments, in their order.
    #[must_use]
    pub(crate) fn with_receivers(&self, receivers: &[crate::receiver::Receiver]) -> Self {
        let mut lane = self.clone();
        let mut next = receivers.iter();
        let retimers = lane.medium.iter_mut().filter_map(|b| match b {
            Block::Retimer(retimer) => Some(&mut retimer.receiver),
            _ => None,
        });
        for (place, receiver) in retimers.chain([&mut lane.receiver]).zip(&mut next) {
            place.clone_from(receiver);
        }
        lane
    }

    /// Checks how the medium divides.
    pub(super) fn check_segments(&self) -> Result<()> {
        let retimers = self.retimers().count();
        if retimers > MAX_RETIMERS {
            return Err(Error::parameter(
                "medium",
                format!("{retimers} retimers"),
                format!("at most {MAX_RETIMERS}"),
            ));
        }
        for (i, aggressor) in self.aggressors.iter().enumerate() {
            if retimers > 0 || aggressor.place.is_some() {
                self.aggressor_place(i, aggressor)?;
            }
        }
        let mut optical = false;
        for (i, block) in self.medium.iter().enumerate() {
            match block {
                Block::Retimer(_) => optical = false,
                Block::Optics(_) if optical => {
                    let requirement = "the only optical section between two ends or retimers";
                    return Err(Error::parameter(
                        format!("medium.{i}"),
                        "a second optical section",
                        requirement,
                    ));
                }
                Block::Optics(_) => optical = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Name of a block, or its place in the medium.
    fn label_of(&self, i: usize) -> String {
        self.medium[i].name().map_or_else(|| format!("medium.{i}"), String::from)
    }

    /// Index of the block whose place aggressor `i` takes; `None` in a medium without channel blocks.
    fn aggressor_place(&self, i: usize, aggressor: &Aggressor) -> Result<Option<usize>> {
        let channels: Vec<usize> = (0..self.medium.len()).filter(|i| self.medium[*i].is_channel()).collect();
        let Some(name) = &aggressor.place else {
            return match channels[..] {
                [] => Ok(None),
                [only] => Ok(Some(only)),
                _ => {
                    let labels: Vec<String> = channels.iter().map(|c| self.label_of(*c)).collect();
                    let requirement =
                        format!("the name of one of the medium's channel blocks: {}", labels.join(", "));
                    Err(Error::parameter(format!("aggressors.{i}.place"), "None", requirement))
                }
            };
        };
        if let Some(at) = channels.iter().find(|c| self.medium[**c].name() == Some(name)) {
            return Ok(Some(*at));
        }
        let known = channels.iter().filter_map(|c| self.medium[*c].name());
        Err(Error::unknown(format!("aggressors.{i}.place"), name, known))
    }
}

/// A lane whose segments are composed: what an analysis or a simulation of a lane with retimers starts from.
#[derive(Debug, Clone)]
pub struct PreparedSegments {
    /// The configuration.
    pub lane: Lane,
    /// Its segments, in the signal's order; one without retimers.
    pub segments: Vec<PreparedLane>,
}

impl PreparedSegments {
    /// Reads what the lane refers to (files relative to `base`) and composes its segments.
    ///
    /// # Errors
    /// Those of [`PreparedLane::new`], names of a lane with retimers below `segments.N`, and of [`Lane::segments`].
    pub fn new(lane: &Lane, networks: &mut Networks, base: &Path, run: &Run) -> Result<Self> {
        lane.validate()?;
        let parts = lane.segments()?;
        let several = parts.len() > 1;
        let prepare = |(i, part): (usize, &Lane)| {
            let prepared = PreparedLane::new(part, networks, base, run);
            prepared.map_err(|e| if several { e.within(&format!("segments.{i}")) } else { e })
        };
        let segments = parts.iter().enumerate().map(prepare).collect::<Result<_>>()?;
        Ok(Self { lane: lane.clone(), segments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{CrosstalkPath, Synthetic};

    fn channel(name: &str) -> Block {
        Block::Synthetic(Synthetic { name: Some(name.into()), ..Synthetic::default() })
    }

    fn aggressor(place: Option<&str>) -> Aggressor {
        let path = Synthetic { path: "fext1".into(), ..Synthetic::default() };
        Aggressor {
            channel: CrosstalkPath::Synthetic(path),
            kind: crate::lane::AggressorKind::Fext,
            amplitude_v: None,
            place: place.map(String::from),
        }
    }

    fn retimer(name: &str) -> Block {
        Block::Retimer(Box::new(Retimer { name: Some(name.into()), ..Retimer::default() }))
    }

    #[test]
    fn aggressors_go_with_their_channel() {
        let mut lane = Lane {
            name: Some("x".into()),
            medium: vec![channel("a"), retimer("r"), channel("b")],
            aggressors: vec![aggressor(Some("b")), aggressor(Some("a")), aggressor(Some("b"))],
            ..Lane::default()
        };
        let segments = lane.segments().unwrap();
        assert_eq!(segments.iter().map(|s| s.aggressors.len()).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(segments[0].name.as_deref(), Some("x: transmitter to r"));
        assert_eq!(segments[1].name.as_deref(), Some("x: r to receiver"));
        lane.aggressors = vec![aggressor(None)];
        let text = lane.validate().unwrap_err().to_string();
        assert!(text.starts_with("aggressors.0.place = None") && text.contains("a, b"), "{text}");
        lane.aggressors = vec![aggressor(Some("c"))];
        let text = lane.validate().unwrap_err().to_string();
        assert!(text.starts_with("aggressors.0.place = \"c\": unknown"), "{text}");
        lane.medium.pop();
        lane.aggressors = vec![aggressor(None)];
        let segments = lane.segments().unwrap();
        assert_eq!((segments[0].aggressors.len(), segments[1].medium.len()), (1, 0));
    }

    #[test]
    fn receivers_go_back_to_their_places() {
        let lane = Lane { medium: vec![retimer("r"), channel("a"), retimer("s")], ..Lane::default() };
        let mut receivers: Vec<_> = lane.segments().unwrap().into_iter().map(|s| s.receiver).collect();
        assert_eq!(lane.with_receivers(&receivers), lane);
        receivers[1].noise_v2_per_hz = 1.0;
        let changed = lane.with_receivers(&receivers);
        assert_eq!(changed.retimers().nth(1).unwrap().receiver.noise_v2_per_hz, 1.0);
    }

    #[test]
    fn each_segment_may_have_optics_and_there_are_a_few() {
        let optics = || Block::Optics(Box::default());
        let lane = |medium| Lane { medium, ..Lane::default() };
        assert!(lane(vec![optics(), retimer("r"), optics()]).validate().is_ok());
        let text = lane(vec![retimer("r"), optics(), optics()]).validate().unwrap_err().to_string();
        assert!(text.starts_with("medium.2 ="), "{text}");
        let many = (0..5).map(|i| retimer(&format!("r{i}"))).collect();
        assert!(lane(many).validate().unwrap_err().to_string().contains("at most 4"));
    }
}
