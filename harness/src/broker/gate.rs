//! The settle gate: waits until the broker has nothing more to say.
//!
//! Predicting every reaction of `rumqttd` (retained messages, resumed sessions, overlapping
//! subscriptions, its habits with UNSUBSCRIBE and takeovers) would need a second broker. The gate
//! asks instead. `rumqttd` reads each connection in order, one router thread handles all of them,
//! and its answers leave in order; therefore
//!
//! 1. a ping answered on every connection proves that everything sent before it was handled,
//! 2. a second one proves that what this caused for any connection was put into its queue, and
//! 3. a third one, that all of it arrived here: two rounds in which nothing but answers to pings
//!    came by mean that there is nothing more.
//!
//! Connections on which no ping can be sent wait for what the standard makes due instead (see
//! [`ledger`](super::ledger)). A connection that ended is over when `rumqttd`'s task for it ended,
//! because publishing a will is the last thing that task does.
//!
//! Nothing here polls or sleeps: every step waits for a change of the shared state.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::error::BrokerError;
use super::facts::Settled;
use super::ledger::Phase;
use super::state::{Link, MonitorOrder, Order, Shared, State};

/// Which bytes the caller put on the wire before it asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handed {
    /// `sent` bytes in all on the connection of `peer`.
    Bytes { peer: SocketAddr, sent: u64 },
    /// The connection of `peer` was closed at the caller's end.
    Close { peer: SocketAddr },
}

/// Waits for all that `handed` caused, then releases what is held on every connection.
pub(super) async fn settle(
    shared: &Arc<Shared>,
    handed: Handed,
    limit: Duration,
) -> Result<Settled, BrokerError> {
    bounded(shared, limit, async {
        let index = match handed {
            Handed::Bytes { peer, sent } => received(shared, peer, sent).await?,
            Handed::Close { peer } => shared.until(|s| gone(s, peer)).await,
        };
        rest(shared).await?;
        release(shared).await;
        Ok(report(&mut shared.look().links[index]))
    })
    .await
}

/// Waits until nothing moves, then releases what is held. Reports every connection that is open
/// or whose end was not reported yet.
pub(super) async fn settle_all(
    shared: &Arc<Shared>,
    limit: Duration,
) -> Result<Vec<(SocketAddr, Settled)>, BrokerError> {
    bounded(shared, limit, async {
        rest(shared).await?;
        release(shared).await;
        let mut state = shared.look();
        let open = state.links.iter_mut().filter(|link| !link.reported);
        Ok(open.map(|link| (link.facts.peer, report(link))).collect())
    })
    .await
}

/// Gives up after `limit`, saying what is outstanding.
pub(super) async fn bounded<R>(
    shared: &Shared,
    limit: Duration,
    work: impl Future<Output = Result<R, BrokerError>>,
) -> Result<R, BrokerError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => {
            let outstanding = outstanding(&shared.look());
            Err(BrokerError::NotSettled { limit, outstanding })
        }
    }
}

/// Waits until the front took `sent` bytes from `peer`; gives the connection's index.
async fn received(shared: &Shared, peer: SocketAddr, sent: u64) -> Result<usize, BrokerError> {
    let (index, consumed) = shared
        .until(|state| {
            let index = state
                .links
                .iter()
                .rposition(|link| link.facts.peer == peer)?;
            let link = &state.links[index];
            let consumed = link.facts.bytes_in;
            (consumed >= sent || link.device_gone).then_some((index, consumed))
        })
        .await;
    if consumed > sent {
        return Err(BrokerError::Accounting {
            peer,
            sent,
            consumed,
        });
    }
    Ok(index)
}

fn gone(state: &State, peer: SocketAddr) -> Option<usize> {
    let index = state
        .links
        .iter()
        .rposition(|link| link.facts.peer == peer)?;
    state.links[index].device_gone.then_some(index)
}

/// Waits until `rumqttd` has nothing more to say to anybody.
pub(super) async fn rest(shared: &Shared) -> Result<(), BrokerError> {
    let needed = |state: &State| state.dirty || state.rumqttd_busy();
    while needed(&shared.look()) {
        nothing_due(shared).await?;
        shared.look().dirty = false;
        // The first round proves that everything was handled; then two must be quiet.
        let mut quiet = None;
        while quiet != Some(2) {
            let before = ping_everybody(&mut shared.look());
            answered(shared).await?;
            nothing_due(shared).await?;
            let after = shared.look().arrivals;
            quiet = match quiet {
                Some(rounds) if after == before => Some(rounds + 1),
                _ => Some(0),
            };
        }
    }
    Ok(())
}

/// Waits until no connection owes an answer that the standard makes due.
async fn nothing_due(shared: &Shared) -> Result<(), BrokerError> {
    let due = |link: &Link| matches!(link.phase, Phase::AwaitingConnAck | Phase::Ending);
    until_or_lost(shared, |state| {
        !state.links.iter().any(due) && !state.rumqttd_busy()
    })
    .await
}

/// Waits until every ping of the gate is answered, or its connection closed, or full.
async fn answered(shared: &Shared) -> Result<(), BrokerError> {
    until_or_lost(shared, |state| {
        let answered = |link: &Link| link.pings == 0 || link.window_full;
        state.monitor.pings == 0 && state.links.iter().all(answered)
    })
    .await
}

async fn until_or_lost(
    shared: &Shared,
    condition: impl Fn(&State) -> bool,
) -> Result<(), BrokerError> {
    shared
        .until(|state| match &state.monitor.error {
            Some(reason) => Some(Err(BrokerError::MonitorLost(reason.clone()))),
            None => condition(state).then_some(Ok(())),
        })
        .await
}

/// Sends a ping on every connection that can take one. Gives the number of arrivals so far.
fn ping_everybody(state: &mut State) -> u64 {
    for link in &mut state.links {
        let silent = link.window_full && link.pings > 0;
        if link.phase == Phase::Established && !silent && link.orders.send(Order::Ping).is_ok() {
            link.pings += 1;
        }
    }
    if let Some(orders) = &state.monitor.orders
        && orders.send(MonitorOrder::Ping).is_ok()
    {
        state.monitor.pings += 1;
    }
    state.arrivals
}

/// Has everything that is held passed on, and waits until it is written.
pub(super) async fn release(shared: &Shared) {
    for link in &mut shared.look().links {
        if link.held > 0 && link.orders.send(Order::Release).is_ok() {
            link.releases += 1;
        }
    }
    released(shared).await;
}

/// Waits until every order to release is carried out and its bytes are written.
pub(super) async fn released(shared: &Shared) {
    let pending = |link: &Link| !link.device_gone && (link.releases > 0 || link.unsent > 0);
    shared
        .until(|state| (!state.links.iter().any(pending)).then_some(()))
        .await;
}

fn report(link: &mut Link) -> Settled {
    link.reported = link.closed.is_some() || link.device_gone;
    Settled {
        written: link.facts.bytes_out,
        closed: link.closed,
    }
}

/// What has not happened, for the error message.
fn outstanding(state: &State) -> String {
    let mut words: Vec<String> = Vec::new();
    for link in state.links.iter().filter(|link| !link.reported) {
        let peer = link.facts.peer;
        let mut say = |what: String| words.push(format!("connection {peer}: {what}"));
        match link.phase {
            Phase::AwaitingConnAck => say("no CONNACK and no close after CONNECT".to_owned()),
            Phase::Ending => say("rumqttd has not closed it".to_owned()),
            Phase::Established if link.pings > 0 => {
                say(format!("{} pings unanswered by rumqttd", link.pings));
            }
            _ => {}
        }
        if link.unsent > 0 {
            say(format!("{} bytes not taken by the peer", link.unsent));
        }
        say(format!("{} bytes received", link.facts.bytes_in));
    }
    if state.monitor.pings > 0 {
        words.push(format!("monitor: {} pings unanswered", state.monitor.pings));
    }
    if state.rumqttd_busy() {
        words.push("rumqttd still works on a closed connection".to_owned());
    }
    if let Some(error) = &state.accept_error {
        words.push(format!("the front accepts no more connections: {error}"));
    }
    if words.is_empty() {
        words.push("no connection was accepted".to_owned());
    }
    words.join("; ")
}
