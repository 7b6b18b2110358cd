//! What is embedded is whole: each episode has a record that fits it, each file its provenance.

use std::collections::BTreeSet;

use aftershock_archive::{read_cut, write_cut};
use aftershock_ingest::{Catalog, IngestError, Provenance, embedded_sample_files, sample};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn each_episode_has_a_record_that_survives_as_a_cut() -> Outcome {
    let folder = tempfile::tempdir()?;
    let catalog = Catalog::embedded()?;
    assert!(!catalog.episodes().is_empty());
    for episode in catalog.episodes() {
        let record = sample(episode)?;
        write_cut(folder.path(), &episode.id, &record.bars, &record.perp_daily)?;
        let cut = read_cut(folder.path(), &episode.id)?;
        assert_eq!(cut.bars, record.bars, "{}", episode.id);
        assert_eq!(cut.perp_daily, record.perp_daily, "{}", episode.id);
    }
    Ok(())
}

#[test]
fn each_file_has_its_provenance_and_the_other_way_round() -> Outcome {
    let provenance = Provenance::embedded()?;
    let files = embedded_sample_files();
    for (path, bytes) in &files {
        let entry = provenance.verify(path, bytes)?;
        for text in [
            &entry.package,
            &entry.package_version,
            &entry.licence,
            &entry.original,
        ] {
            assert!(!text.is_empty(), "{path}");
        }
        assert_eq!(entry.original_sha256.len(), 64, "{path}");
    }
    let embedded: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let described: BTreeSet<&str> = provenance.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(embedded, described);
    Ok(())
}

#[test]
fn a_changed_sample_is_refused() -> Outcome {
    let (path, bytes) = embedded_sample_files().swap_remove(0);
    let mut bytes = bytes.to_vec();
    bytes[100] ^= 1;
    let error = Provenance::embedded()?
        .verify(&path, &bytes)
        .expect_err("a byte was changed");
    assert!(matches!(error, IngestError::Provenance { .. }), "{error}");
    Ok(())
}

#[test]
fn an_episode_is_found_by_any_name_and_a_near_miss_is_answered() -> Outcome {
    let catalog = Catalog::embedded()?;
    let first = &catalog.episodes()[0];
    for alias in &first.aliases {
        assert_eq!(catalog.find(alias)?.id, first.id);
    }
    let mut miss = first.id.clone();
    miss.pop();
    let error = catalog.find(&miss).expect_err("a letter is missing").to_string();
    assert!(
        error.starts_with(&format!("no episode `{miss}`; nearest: `{}`", first.id)),
        "{error}"
    );
    let error = catalog.find("zzzz").expect_err("nothing like it").to_string();
    assert!(
        error.starts_with("no episode `zzzz`; `aftershock episodes` lists all"),
        "{error}"
    );
    Ok(())
}

#[test]
fn an_episode_must_fit_its_record() -> Outcome {
    let catalog = Catalog::embedded()?;
    let mut episode = catalog.episodes()[0].clone();
    episode.window.replay_from = episode.window.replay_from.plus_seconds(1.0);
    let error = sample(&episode).expect_err("no bar begins there").to_string();
    assert!(error.contains("begins at window.replay_from"), "{error}");

    episode.record.instrument = "okx:BTCUSDT".to_owned();
    let error = sample(&episode).expect_err("not recorded").to_string();
    assert!(error.contains("no bars of `okx:BTCUSDT`"), "{error}");

    episode.id = "2021-01-01-elsewhere".to_owned();
    let error = sample(&episode).expect_err("not embedded");
    assert!(matches!(error, IngestError::MissingSample { .. }), "{error}");
    Ok(())
}
