//! Ctrl-C while an answer is under way.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::ctrl_c;
use tokio::sync::watch;

/// How often Ctrl-C was pressed since the last line was asked for.
pub(crate) struct Interrupts(watch::Sender<u32>);

impl Interrupts {
    /// From here on Ctrl-C gives up what is under way, and ends the program where it is pressed again before that is given up.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub(crate) fn listen() -> io::Result<Self> {
        let (times, _) = watch::channel(0);
        let pressed = times.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut next = Box::pin(ctrl_c());
        // Listening begins when it is first asked. That must be before the line editor does so, which brings back who listened before.
        runtime.block_on(poll_fn(|context| {
            Poll::Ready(match next.as_mut().poll(context) {
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            })
        }))?;
        let listening = async move {
            while next.as_mut().await.is_ok() {
                next.set(ctrl_c());
                pressed.send_modify(|times| *times += 1);
                if *pressed.borrow() > 1 {
                    // As a shell counts who is ended by this signal.
                    std::process::exit(130);
                }
            }
        };
        std::thread::Builder::new().spawn(move || runtime.block_on(listening))?;
        Ok(Self(times))
    }

    /// Something new is asked for.
    pub(crate) fn begin(&self) {
        self.0.send_replace(0);
    }

    /// Whether it should be given up.
    pub(crate) fn is_pressed(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Over once it should be given up.
    pub(crate) async fn pressed(&self) {
        // The sender is here, so that waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|times| *times > 0).await;
    }
}
