//! check
pub fn run(_: &crate::site::Site, _: &[String]) -> anyhow::Result<()> {
    Ok(())
}
