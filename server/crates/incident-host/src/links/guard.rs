//! Which addresses may be connected to: those of the public internet, and what a person allowed.
//!
//! A link comes from an alert, a chat, a ticket: anybody may have written it, and the machine that
//! opens it sees networks which its author does not. The check stands where the connection is made,
//! so a name that leads elsewhere the second time gains nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks names up and refuses addresses that are not public.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    /// Names that may lead anywhere, in lower case: configured as private, or a proxy's own.
    trusted: Arc<BTreeSet<String>>,
}

/// An address that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} leads to {address}, which is not a public address; where that is meant, set `private = \
     true` for this host in `[links.hosts]` of .incident.toml"
)]
pub(super) struct Refused {
    name: String,
    address: IpAddr,
}

impl Guard {
    /// Makes one that lets `trusted` lead anywhere.
    pub(super) fn new(trusted: impl IntoIterator<Item = String>) -> Self {
        let trusted = trusted.into_iter().map(|name| name.to_ascii_lowercase());
        Self { trusted: Arc::new(trusted.collect()) }
    }

    /// Checks a host that is an address, in whatever spelling; names pass, they are checked when
    /// they are looked up.
    pub(super) fn check_literal(&self, host: &url::Host<&str>) -> Result<(), Refused> {
        let address = match host {
            url::Host::Ipv4(address) => IpAddr::V4(*address),
            url::Host::Ipv6(address) => IpAddr::V6(*address),
            url::Host::Domain(_) => return Ok(()),
        };
        let name = host.to_string();
        if is_public(address) || self.trusted.contains(&name) {
            return Ok(());
        }
        Err(Refused { name, address })
    }

    /// Looks `name` up; one address that is not public is enough to refuse it.
    pub(super) fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        let addresses: Vec<SocketAddr> = (name, 0).to_socket_addrs()?.collect();
        if !self.trusted.contains(&name.to_ascii_lowercase())
            && let Some(refused) = addresses.iter().find(|address| !is_public(address.ip()))
        {
            let refused = Refused { name: name.to_owned(), address: refused.ip() };
            return Err(std::io::Error::other(refused));
        }
        Ok(addresses)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let looked_up = tokio::task::spawn_blocking(move || guard.look_up(name.as_str()));
            let addresses: Addrs = Box::new(looked_up.await??.into_iter());
            Ok(addresses)
        })
    }
}

/// Says whether an address belongs to the public internet. What carries another address inside
/// (mapped, translated, tunnelled) counts as that one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match a {
        0 | 10 | 127 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        // Multicast, reserved, broadcast.
        224.. => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |at: usize| {
        let pair = (segments.get(at).copied(), segments.get(at + 1).copied());
        let bits = u32::from(pair.0.unwrap_or(0)) << 16 | u32::from(pair.1.unwrap_or(0));
        is_public_v4(Ipv4Addr::from_bits(bits))
    };
    match segments {
        // Mapped and compatible; `::` and `::1` are among the latter.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => embedded(6),
        // Translated: 64:ff9b::/96. The local prefix beside it may lead anywhere.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(6),
        // 6to4.
        [0x2002, ..] => embedded(1),
        // Teredo, benchmarks, ORCHID, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // The one block that is given out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}
