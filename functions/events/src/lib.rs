//! What instances wait for besides people: time, messages, signals, the ends of called instances; what they throw, and whom they call.

use runtime::Service;

pub mod arrive_at_join;
pub mod call_http;
pub mod close_scope;
pub mod fire_timers;
pub mod open_call;
pub mod open_receive;
pub mod open_timer;
pub mod receive_messages;
pub mod send_message;
pub mod send_signal;
pub mod send_to_queue;
pub mod throw_event;
mod throwing;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "events",
        description: "Messages and signals for running instances.",
        endpoints: vec![send_message::endpoint(), send_signal::endpoint()],
        handlers: vec![
            open_timer::handler(),
            open_receive::handler(),
            open_call::handler(),
            close_scope::handler(),
            arrive_at_join::handler(),
            throw_event::handler(),
            call_http::handler(),
            send_to_queue::handler(),
            receive_messages::handler(),
            fire_timers::handler(),
        ],
    }
}
