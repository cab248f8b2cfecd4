//! A server of one's own: what it must be, who waits for whom, and whose keys lie where.

mod encoding;
mod files;
mod keys;
mod limits;
mod readers;
mod roles;
mod superuser;
