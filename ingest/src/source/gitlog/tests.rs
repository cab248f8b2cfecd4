//! Stories with real git in private folders; the network is the loopback interface.

mod branches;
mod demo;
mod export;
mod hostile;
mod http;
mod local;
mod log;
mod support;
