//! Which rule decides what happens to object data.
//!
//! One function answers every request: [`decide`] looks at who calls, what for and on what, and
//! says either *permitted*, with what the rule demands, or *refused*, and why. `SEMANTICS.md`
//! states what it means in words and as a truth table that the tests are made from.
//!
//! This crate is pure. It knows neither HTTP nor cryptography: keys have names here and no
//! bytes, operations are texts that only end up in messages. It opens nothing and remembers
//! nothing between two calls.

mod action;
mod choose;
mod decide;
mod error;
mod names;
mod operations;
mod principal;
mod protection;
mod resource;
mod rule;
mod ruleset;
mod wish;

pub use action::Action;
pub use action::Request;
pub use decide::Decision;
pub use decide::Permit;
pub use decide::Refusal;
pub use decide::decide;
pub use error::Conflict;
pub use error::InvalidName;
pub use error::InvalidPattern;
pub use names::ClientName;
pub use names::KeyName;
pub use operations::OBJECT_OPERATIONS;
pub use operations::Operations;
pub use principal::Caller;
pub use principal::CallerPattern;
pub use protection::Algorithm;
pub use protection::Encryption;
pub use protection::EtagStyle;
pub use protection::Mismatch;
pub use protection::Missing;
pub use protection::Protection;
pub use protection::Sse;
pub use protection::Transport;
pub use protection::Unsealed;
pub use resource::BucketPattern;
pub use rule::Miss;
pub use rule::Rule;
pub use ruleset::Grant;
pub use ruleset::Grants;
pub use ruleset::KeyIds;
pub use ruleset::Mode;
pub use ruleset::RuleSet;
pub use wish::Modes;
pub use wish::Setting;
pub use wish::Wish;
