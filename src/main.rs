//! The program `compliance-exports`; everything is in the library, beginning with `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    compliance_exports::cli::main()
}
