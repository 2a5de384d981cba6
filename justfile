# Short names for the commands people repeat. Nothing needs just: each recipe is one plain command.

# List the recipes
default:
    @just --list

# Open a shell in a container
run *ARGUMENTS:
    cargo run --quiet -- run {{ARGUMENTS}}

# Ask what works on this host, and what would enable the rest
doctor *ARGUMENTS:
    cargo run --quiet -p groundwork --bin doctor -- {{ARGUMENTS}}

# Run any stage program, such as `just stage unshare-uts --hostname box`
stage PROGRAM *ARGUMENTS:
    cargo stages --quiet
    "$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/{{PROGRAM}}" {{ARGUMENTS}}

# Build every program of every stage, into target/debug
stages:
    cargo stages

# Build the book; `just book serve` shows it on this machine, and `just book test` types what it prints
book *ARGUMENTS:
    cargo workshop book {{ARGUMENTS}}

# Open a shell in a machine of the course's own, or run a command there: `just vm -- doctor`
vm *ARGUMENTS:
    cargo workshop vm {{ARGUMENTS}}

# Run every test that this host can run
test *ARGUMENTS:
    cargo test --workspace {{ARGUMENTS}}

# Accept what the programs say now as what they should say; review it with `git diff`
accept:
    INSTA_UPDATE=always cargo test --workspace
    cargo workshop book test --update

# Look for what the compiler and the formatter would change
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Install boxwright for use, as one file that needs no library (which takes a static C library, as Debian's libc6-dev has)
install:
    RUSTFLAGS="-C target-feature=+crt-static" cargo install --locked --path stages/07-run --target "$(rustc -vV | sed -n 's/^host: //p')"

# Measure how fast it is, beside what this host has: `just bench start`
bench *ARGUMENTS:
    cargo workshop bench {{ARGUMENTS}}

# Everything that the project's own checks do
ci:
    bash .ci/run
