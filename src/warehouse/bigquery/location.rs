//! The location of jobs and new datasets: that of the plan's datasets. Looking up a dataset is free and needs no job,
//! so it is done before the first job. A query can read from one location only.

use std::collections::HashSet;

use futures_util::future::join_all;

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::examine::InspectionError;
use super::fence::DATASET;
use super::rest::RestClient;
use crate::warehouse::ErrorClass;

/// What was determined before the first job.
#[derive(Debug, Clone)]
pub(super) struct ResolvedLocation {
    /// Location for new datasets; `None` if `BigQuery` chooses.
    location: Option<String>,
    /// The dataset of leases and owners, including the prefix.
    own: String,
    /// The default dataset of that name, if it is in another location than the tables.
    misplaced: Option<MisplacedDataset>,
    /// Datasets that didn't exist.
    absent: HashSet<String>,
}

/// A dataset of leases in another location than the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MisplacedDataset {
    pub sentence: String,
    pub next: String,
}

/// The result of looking up a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DatasetLookup {
    Exists(Option<String>),
    Absent,
    /// Access was denied; its jobs will report the error.
    Denied,
}

impl DatasetLookup {
    fn location(&self) -> Option<&str> {
        match self {
            Self::Exists(location) => location.as_deref(),
            Self::Absent | Self::Denied => None,
        }
    }
}

impl BigQueryWarehouse {
    pub(super) async fn settled(&self, client: &RestClient) -> Result<&ResolvedLocation, ApiError> {
        self.settled.get_or_try_init(|| self.settle(client)).await
    }

    /// The dataset of leases and owners, including the prefix.
    pub(super) async fn own_dataset(&self) -> Result<String, ApiError> {
        let client = self.insist(|| self.client()).await?;
        Ok(self.settled(&client).await?.own.clone())
    }

    /// The default dataset of leases, if it is in another location than the tables.
    ///
    /// # Errors
    /// If the datasets can't be looked up.
    pub async fn misplaced_leases(&self) -> Result<Option<MisplacedDataset>, InspectionError> {
        let client = self.client().await?;
        Ok(self.settled(&client).await?.misplaced.clone())
    }

    /// A table of that dataset, as written in a query.
    pub(super) async fn own_path(&self, table: &str) -> Result<String, ApiError> {
        let dataset = self.own_dataset().await?;
        Ok(self.prefix.qualified(&format!("{dataset}.{table}")))
    }

    /// Whether a dataset didn't exist before the first job.
    pub(super) fn is_absent(&self, dataset: &str) -> bool {
        let settled = self.settled.get();
        settled.is_some_and(|settled| settled.absent.contains(dataset))
    }

    /// Creates a dataset in the location of the others, if it doesn't exist.
    pub(super) async fn make_dataset(&self, dataset: &str) -> Result<(), ApiError> {
        let client = self.client().await?;
        let project = self.project();
        if !self.is_absent(dataset) && client.dataset(project, dataset).await?.is_some() {
            return Ok(());
        }
        let location = self.settled(&client).await?.location.as_deref();
        if client.make_dataset(project, dataset, location).await? {
            tracing::info!(
                "creating dataset {dataset} in {}",
                location.unwrap_or("BigQuery's default location")
            );
        }
        Ok(())
    }

    async fn settle(&self, client: &RestClient) -> Result<ResolvedLocation, ApiError> {
        let own = format!("{}{DATASET}", self.prefix);
        let wanted = self.account.location.as_deref();
        if self.datasets.is_empty() {
            return Ok(ResolvedLocation {
                location: wanted.map(ToOwned::to_owned),
                own,
                misplaced: None,
                absent: HashSet::new(),
            });
        }
        let names: Vec<&String> = self.datasets.iter().chain([&own]).collect();
        // Each lookup is retried separately: with many at once on a bad connection, one nearly always fails.
        let looks = (names.iter()).map(|name| self.insist(|| self.look_at(client, name)));
        let asked = join_all(looks).await;
        let found = asked.into_iter().collect::<Result<Vec<_>, _>>()?;
        let absent = (names.iter().zip(&found))
            .filter(|(_, found)| **found == DatasetLookup::Absent)
            .map(|(name, _)| (*name).clone())
            .collect();
        let of_own = found.last().and_then(DatasetLookup::location);
        let places: Vec<(&str, &str)> = (self.datasets.iter().zip(&found))
            .filter_map(|(name, found)| Some((name.as_str(), found.location()?)))
            .collect();
        let location = decided(&places, wanted)?.or_else(|| of_own.map(ToOwned::to_owned));
        if let Some(location) = &location {
            // Jobs that look something up run there too.
            let _ = self.account.learned.set(location.clone());
        }
        let (own, misplaced) = self
            .settle_own(client, own.clone(), location.as_deref(), of_own)
            .await?;
        Ok(ResolvedLocation {
            location,
            own,
            misplaced,
            absent,
        })
    }

    /// Chooses the dataset of leases. One in another location may hold the leases of other plans, so it is kept and a
    /// second one is used. A plan that uses the second one keeps it, even if the first is dropped.
    async fn settle_own(
        &self,
        client: &RestClient,
        own: String,
        location: Option<&str>,
        there: Option<&str>,
    ) -> Result<(String, Option<MisplacedDataset>), ApiError> {
        let Some(location) = location else {
            return Ok((own, None));
        };
        if there.is_some_and(|there| is_same(there, location)) {
            return Ok((own, None));
        }
        let in_location = dataset_in_location(&own, location);
        let Some(there) = there else {
            let found = self.insist(|| self.look_at(client, &in_location)).await?;
            let is_used = matches!(found, DatasetLookup::Exists(_));
            return Ok((if is_used { in_location } else { own }, None));
        };
        let misplaced = MisplacedDataset {
            sentence: format!(
                "dataset {own} is in {there} but the tables are in {location}: leases and owners are in {in_location}"
            ),
            next: format!(
                "if no other plan uses {own}, drop it with 'bq rm -r -d {}:{own}'",
                self.project()
            ),
        };
        tracing::warn!("{}; {}", misplaced.sentence, misplaced.next);
        Ok((in_location, Some(misplaced)))
    }

    async fn look_at(&self, client: &RestClient, dataset: &str) -> Result<DatasetLookup, ApiError> {
        match client.dataset(self.project(), dataset).await {
            Ok(None) => Ok(DatasetLookup::Absent),
            Ok(Some(found)) => Ok(DatasetLookup::Exists(found.location)),
            Err(error) if error.class == ErrorClass::Auth && !error.is_about_the_token() => {
                tracing::debug!("cannot inspect dataset {dataset}: {}", error.message);
                Ok(DatasetLookup::Denied)
            }
            Err(error) => Err(error),
        }
    }
}

/// The name of the dataset of leases for another location.
pub(super) fn dataset_in_location(own: &str, location: &str) -> String {
    format!("{own}_{}", location.to_ascii_lowercase().replace('-', "_"))
}

/// Compares location names, ignoring case.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The location shared by all existing datasets, or else the configured one.
fn decided(found: &[(&str, &str)], wanted: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some((first, location)) = found.first() else {
        return Ok(wanted.map(ToOwned::to_owned));
    };
    let elsewhere = found.iter().find(|(_, place)| !is_same(place, location));
    if let Some((other, place)) = elsewhere {
        let sentence = format!("dataset {first} is in {location} but dataset {other} in {place}");
        return Err(ApiError::new(ErrorClass::Code, sentence).next(
            "a query reads from one location only: copy one dataset to the other's location, or choose others with \
             --dataset-prefix",
        ));
    }
    if let Some(wanted) = wanted.filter(|wanted| !is_same(wanted, location)) {
        let sentence = format!("dataset {first} is in {location}, not in {wanted}");
        return Err(
            ApiError::new(ErrorClass::Code, sentence).next("leave out --location and BACKCOURT_LOCATION")
        );
    }
    Ok(Some((*location).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_sets_the_location_only_without_datasets() {
        let found = |places: &[(&'static str, &'static str)], wanted| decided(places, wanted).unwrap();
        let here = Some("us-west2".to_owned());
        assert_eq!(found(&[], None), None);
        assert_eq!(found(&[], Some("us-west2")), here);
        assert_eq!(found(&[("a", "us-west2"), ("b", "US-WEST2")], None), here);
        assert_eq!(found(&[("a", "us-west2")], Some("US-West2")), here);
    }

    #[test]
    fn two_locations_are_refused_and_a_dataset_of_each_is_named() {
        let refused =
            |places: &[(&str, &str)], wanted| decided(places, wanted).unwrap_err().in_context("x").message;
        assert!(
            refused(&[("a", "US"), ("b", "US"), ("c", "EU")], None).starts_with(
                "x: dataset a is in US but dataset c in EU; a query reads from one location only"
            )
        );
        assert_eq!(
            refused(&[("a", "US")], Some("EU")),
            "x: dataset a is in US, not in EU; leave out --location and BACKCOURT_LOCATION"
        );
    }

    #[test]
    fn a_second_lease_dataset_has_a_valid_name() {
        assert_eq!(
            dataset_in_location("try_backcourt", "us-west2"),
            "try_backcourt_us_west2"
        );
    }
}
