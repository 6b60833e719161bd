//! Identity: who people are, what they may do, and how they sign in.

use runtime::Service;

pub mod create_role;
pub mod create_user;
pub mod end_session;
pub mod get_jwks;
pub mod get_role;
pub mod get_user;
pub mod list_roles;
pub mod list_users;
pub mod login;
pub mod refresh_session;
mod session;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "identity",
        description: "Users, roles and permissions; sign-in, sessions and the key that verifies access tokens.",
        endpoints: vec![
            login::endpoint(),
            refresh_session::endpoint(),
            end_session::endpoint(),
            get_jwks::endpoint(),
            create_user::endpoint(),
            get_user::endpoint(),
            list_users::endpoint(),
            create_role::endpoint(),
            get_role::endpoint(),
            list_roles::endpoint(),
        ],
        handlers: vec![],
    }
}
