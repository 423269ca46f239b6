//! What a user sees of a mistake in synx itself.

use std::panic::PanicHookInfo;

use synx_run::tables::PARQUET_THREAD;

/// Replaces the standard message of a panic by one that says whose mistake it is and what to do.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some(PARQUET_THREAD) {
            return;
        }
        eprintln!("{}", message(info));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            eprintln!("{}", std::backtrace::Backtrace::force_capture());
        }
    }));
}

fn message(info: &PanicHookInfo) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = text.unwrap_or("no message");
    let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    format!(
        "synx: internal error{place}: {what}\n\
         This is a mistake in synx {}, not in your study. Results that were finished before are safe.\n\
         Please report it with the study and this message; RUST_BACKTRACE=1 adds where it came from.",
        env!("CARGO_PKG_VERSION")
    )
}
