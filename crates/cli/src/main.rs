//! The binary, with the rules that stand here.

fn main() -> std::process::ExitCode {
    aftershock_cli::main(&[])
}
