//! Things that clients keep on the server, so bounded that one of them keeps nobody else out: at the bound of a client its
//! oldest gives way, and at the bound of all the oldest of the client that has most.

use std::{cmp::Reverse, collections::HashMap, hash::Hash, net::IpAddr};

/// Somebody who keeps things here: a key, or where there is none the address that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// By the digest of its key.
    Key([u8; 32]),
    /// Of IPv6 the first half: whoever has one address has all that begin so.
    Address(Option<IpAddr>),
}

impl Client {
    /// The client at an address.
    pub(super) fn at(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            address @ IpAddr::V4(_) => address,
        }))
    }
}

/// Things by their keys, each of a client.
#[derive(Debug)]
pub(crate) struct Shares<K, T> {
    /// The most of one client.
    each: usize,
    /// The most of all together.
    all: usize,
    held: HashMap<K, Held<T>>,
    /// The number that were ever taken in.
    count: u64,
}

#[derive(Debug)]
struct Held<T> {
    client: Client,
    number: u64,
    value: T,
}

impl<K: Eq + Hash + Clone, T> Shares<K, T> {
    /// Room for `all`, of which a client has `each` at most.
    pub(crate) fn new(each: usize, all: usize) -> Self {
        Self { each, all, held: HashMap::new(), count: 0 }
    }

    /// Takes one in, and returns the one that gave way to it.
    pub(crate) fn admit(&mut self, key: K, client: Client, value: T) -> Option<T> {
        let mut having: HashMap<Client, (usize, Reverse<u64>)> = HashMap::new();
        for held in self.held.values() {
            let (count, oldest) = having.entry(held.client).or_insert((0, Reverse(u64::MAX)));
            *count += 1;
            *oldest = (*oldest).max(Reverse(held.number));
        }
        let own = having.get(&client).filter(|(count, _)| *count >= self.each);
        let most = having.values().max().filter(|_| self.held.len() >= self.all);
        let oldest = own.or(most).map(|(_, Reverse(oldest))| *oldest);
        let closed = oldest.and_then(|number| {
            let key = self.held.iter().find(|(_, held)| held.number == number)?.0.clone();
            self.remove(&key)
        });
        self.count += 1;
        self.held.insert(key, Held { client, number: self.count, value });
        closed
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.held.get_mut(key).map(|held| &mut held.value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<T> {
        self.held.remove(key).map(|held| held.value)
    }

    /// Returns how many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// Leaves only those of which this is true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut T) -> bool) {
        self.held.retain(|key, held| keep(key, &mut held.value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(number: u8) -> Client {
        Client::at(Some(IpAddr::from([192, 0, 2, number])))
    }

    #[test]
    fn the_oldest_of_the_one_who_has_most_gives_way() {
        let mut shares = Shares::new(3, 5);
        let mut admit = |key: u32, of: u8, expected: Option<u32>| {
            assert_eq!(shares.admit(key, client(of), key), expected, "{key}");
        };
        admit(1, 1, None);
        admit(2, 2, None);
        admit(3, 1, None);
        admit(4, 1, None);
        admit(5, 1, Some(1));
        admit(6, 2, None);
        // All is full: the first client has three of five.
        admit(7, 3, Some(3));
        // Two, two and one: the older of the two oldest.
        admit(8, 3, Some(2));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let at = |text: &str| Client::at(Some(text.parse().unwrap()));
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    proptest! {
        /// Whatever comes, it is taken in, both bounds hold, and nobody who has the fewest loses to who has more.
        #[test]
        fn nobody_is_kept_out(comers in proptest::collection::vec(0_u8..5, 1..200)) {
            let mut shares = Shares::new(4, 10);
            for (key, of) in comers.into_iter().enumerate() {
                let before = |wanted: u8, shares: &Shares<usize, u8>| {
                    shares.held.values().filter(|held| held.value == wanted).count()
                };
                let had: Vec<usize> = (0..5).map(|other| before(other, &shares)).collect();
                let closed = shares.admit(key, client(of), of);
                prop_assert!(shares.held.contains_key(&key) && shares.held.len() <= 10);
                for other in 0..5 {
                    prop_assert!(before(other, &shares) <= 4);
                }
                if let Some(closed) = closed {
                    let most = had.iter().max().copied().unwrap();
                    prop_assert!(closed == of || had[usize::from(closed)] == most);
                }
            }
        }
    }
}
