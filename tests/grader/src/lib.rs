#![doc = include_str!("../README.md")]

pub mod bench;
pub mod checks;
pub mod course;
pub mod doctor;
pub mod forge;
pub mod grade;
pub mod judges;
pub mod outcome;
pub mod peek;
pub mod process;
pub mod sandbox;
