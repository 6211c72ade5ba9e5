//! sealgate: a reverse proxy that seals what S3 clients store and opens what they read.
//!
//! The map, in the order a request walks through it (`ARCHITECTURE.md` tells the story):
//!
//! - [`gateway`] holds pingora's phases and delegates; [`exchange`] is one request's memory.
//! - [`receive`]: [`call`] reads the head, [`authenticate`] verifies it, [`authorize`] asks the
//!   policy, [`plan`] says what will be done.
//! - [`passage`] carries out a plan that streams; [`answer`] one that is answered here.
//! - [`seal`] and [`kms`] hold keys, [`transform`] touches bytes, [`backend`] talks to the store.
//! - [`state`] keeps what multipart uploads need, sealed, at the backend; [`sweeper`] removes what
//!   none needs any longer.
//! - [`audit`] records what was decided, and how it ended.
//! - [`respond`] is the only place where a failure becomes what a client reads.
//! - [`assemble`] builds it all from a configuration, [`listeners`] open it to clients, and
//!   [`reload`] puts another configuration into force; [`cli`] is what an operator types,
//!   [`doctor`] what is tried at a backend.

pub mod admin;
pub mod answer;
pub mod asked;
pub mod assemble;
pub mod audit;
pub mod authenticate;
pub mod authorize;
pub mod backend;
pub mod cache;
pub mod call;
pub mod checksum;
pub mod cli;
pub mod doctor;
pub mod error;
pub mod exchange;
pub mod gateway;
pub mod kms;
pub mod listeners;
pub mod lookup;
pub mod memory;
pub mod passage;
pub mod plan;
pub mod proof;
pub mod random;
pub mod receive;
pub mod reload;
pub mod respond;
pub mod seal;
pub mod settings;
pub mod shutdown;
pub mod state;
pub mod sweeper;
pub mod tags;
pub mod telemetry;
pub mod transform;
