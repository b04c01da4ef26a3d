//! Parties, trait definitions and dry runs: unary batches, sent again if the service goes away in between.

use super::{
    chunks::{Chunk, Chunks, Maker},
    mapping::Definition,
    message::number_of,
    report::{Report, field_of_item},
    retry::{Patience, with_patience},
};
use crate::{
    api::pb::{
        Activity, ExchangeRate, Party, PriceTerms, PutExchangeRatesRequest, PutPriceTermsRequest,
        PutTraitDefinitionRequest, SubmitActivitiesRequest, TraitDefinition, TraitSensitivity,
        UpsertPartiesRequest, google_type::Decimal,
    },
    cli::{
        commands::results::{self, Outcome},
        connection::Connection,
        errors::Failure,
        output::json::descriptor,
    },
};
use anyhow::Context as _;
use prost::Name as _;

/// Sends all parties.
pub async fn parties<M: Maker<Item = Party>>(
    connection: &Connection,
    maker: &M,
    mut chunks: Chunks<Party>,
    report: &mut Report,
    patience: &Patience,
    validate_only: bool,
) -> Result<(), Failure> {
    while let Some(chunk) = next(maker, &mut chunks, report).await? {
        let answer = with_patience(patience.clone(), report, async || {
            let request = UpsertPartiesRequest {
                tenant_id: connection.tenant(),
                parties: chunk.items.clone(),
                validate_only,
            };
            let mut client = connection.customers();
            Ok(client
                .upsert_parties(connection.request(request))
                .await?
                .into_inner())
        })
        .await?;
        let position = answer.written_at.map(|at| at.position);
        settle(
            maker,
            &chunk,
            answer.results.iter().map(results::of_party),
            position,
            report,
        );
    }
    Ok(())
}

/// Sends all exchange rates.
pub async fn rates<M: Maker<Item = ExchangeRate>>(
    connection: &Connection,
    maker: &M,
    mut chunks: Chunks<ExchangeRate>,
    report: &mut Report,
    patience: &Patience,
    validate_only: bool,
) -> Result<(), Failure> {
    while let Some(chunk) = next(maker, &mut chunks, report).await? {
        let answer = with_patience(patience.clone(), report, async || {
            let request = PutExchangeRatesRequest {
                tenant_id: connection.tenant(),
                exchange_rates: chunk.items.clone(),
                validate_only,
            };
            let mut client = connection.exchange_rates();
            let answer = client.put_exchange_rates(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        let position = answer.written_at.map(|at| at.position);
        let outcomes = answer.results.iter().map(results::of_rate);
        settle(maker, &chunk, outcomes, position, report);
    }
    Ok(())
}

/// Sends all price terms.
pub async fn price_terms<M: Maker<Item = PriceTerms>>(
    connection: &Connection,
    maker: &M,
    mut chunks: Chunks<PriceTerms>,
    report: &mut Report,
    patience: &Patience,
    validate_only: bool,
) -> Result<(), Failure> {
    while let Some(chunk) = next(maker, &mut chunks, report).await? {
        let answer = with_patience(patience.clone(), report, async || {
            let request = PutPriceTermsRequest {
                tenant_id: connection.tenant(),
                price_terms: chunk.items.clone(),
                validate_only,
            };
            let mut client = connection.price_terms();
            let answer = client.put_price_terms(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        let position = answer.written_at.map(|at| at.position);
        let outcomes = answer.results.iter().map(results::of_terms);
        settle(maker, &chunk, outcomes, position, report);
    }
    Ok(())
}

/// Says what would become of activities; nothing is kept.
pub async fn validate<M: Maker<Item = Activity>>(
    connection: &Connection,
    maker: &M,
    mut chunks: Chunks<Activity>,
    report: &mut Report,
    patience: &Patience,
) -> Result<(), Failure> {
    while let Some(chunk) = next(maker, &mut chunks, report).await? {
        let answer = with_patience(patience.clone(), report, async || {
            let request = SubmitActivitiesRequest {
                tenant_id: connection.tenant(),
                activities: chunk.items.clone(),
                validate_only: true,
            };
            let mut client = connection.activities();
            Ok(client
                .submit_activities(connection.request(request))
                .await?
                .into_inner())
        })
        .await?;
        settle(
            maker,
            &chunk,
            answer.results.iter().map(results::of_activity),
            None,
            report,
        );
    }
    Ok(())
}

/// The next chunk with anything to send, unfit rows told.
async fn next<M: Maker>(
    maker: &M,
    chunks: &mut Chunks<M::Item>,
    report: &mut Report,
) -> Result<Option<Chunk<M::Item>>, Failure> {
    while let Some(chunk) = chunks.recv().await {
        let chunk = chunk?;
        for (line, problem) in &chunk.problems {
            report.unfit(*line, problem, &maker.columns_of(&problem.field, None));
        }
        if !chunk.items.is_empty() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

fn settle<'a, M: Maker>(
    maker: &M,
    chunk: &Chunk<M::Item>,
    outcomes: impl Iterator<Item = Outcome<'a>>,
    position: Option<i64>,
    report: &mut Report,
) {
    for (place, outcome) in outcomes.enumerate() {
        match outcome {
            Outcome::Done => report.tally.taken += 1,
            Outcome::Already => report.tally.already += 1,
            Outcome::Refused(rejection) => {
                let line = chunk.lines.get(place).copied().unwrap_or(0);
                let field = field_of_item(&rejection.field);
                let columns = maker.columns_of(field, chunk.items.get(place));
                report.refused(line, field, &columns, rejection);
            }
        }
    }
    report.tally.position = position.unwrap_or(report.tally.position);
    report.tick();
}

/// Stores the trait definitions of a mapping.
pub async fn definitions(
    connection: &Connection,
    definitions: &[Definition],
    report: &mut Report,
    patience: &Patience,
    validate_only: bool,
) -> Result<(), Failure> {
    for definition in definitions {
        let wrong =
            |problem| Failure::usage(format!("trait_definitions, {}: {problem}", definition.key));
        let trait_definition = to_pb(definition)?.map_err(wrong)?;
        let answer = with_patience(patience.clone(), report, async || {
            let request = PutTraitDefinitionRequest {
                tenant_id: connection.tenant(),
                trait_definition: Some(trait_definition.clone()),
                validate_only,
            };
            let mut client = connection.customers();
            Ok(client
                .put_trait_definition(connection.request(request))
                .await?
                .into_inner())
        })
        .await?;
        report.tally.taken += 1;
        let position = answer.written_at.map(|at| at.position);
        report.tally.position = position.unwrap_or(report.tally.position);
    }
    Ok(())
}

/// A definition on the wire; the inner error is the mapping's.
fn to_pb(definition: &Definition) -> anyhow::Result<Result<TraitDefinition, String>> {
    let message = descriptor(&TraitDefinition::full_name())?;
    let number = |field: &str, text: &str| {
        let field = message.get_field_by_name(field).context("no such field")?;
        let kind = field.kind();
        let of = kind.as_enum().context("no enum")?;
        Ok::<_, anyhow::Error>(number_of(of, text))
    };
    let sensitivity = match &definition.sensitivity {
        None => Ok(TraitSensitivity::Ordinary.into()),
        Some(text) => number("sensitivity", text)?,
    };
    let edge = |value: &String| Decimal {
        value: value.clone(),
    };
    let made = |kind: i32, sensitivity: i32| TraitDefinition {
        key: definition.key.clone(),
        r#type: kind,
        bin_edges: definition.bin_edges.iter().map(edge).collect(),
        sensitivity,
        known_after_conversion: definition.known_after_conversion,
    };
    let kind = number("type", &definition.r#type)?;
    Ok(kind.and_then(|kind| Ok(made(kind, sensitivity?))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pb::TraitType;

    #[test]
    fn definitions_use_the_words_of_the_contract() {
        let mut definition = Definition {
            key: "INCOME".to_owned(),
            r#type: "number".to_owned(),
            sensitivity: None,
            bin_edges: vec!["40000".to_owned()],
            known_after_conversion: false,
        };
        let read = to_pb(&definition).unwrap().unwrap();
        assert_eq!(read.r#type(), TraitType::Number);
        assert_eq!(read.sensitivity(), TraitSensitivity::Ordinary);
        definition.sensitivity = Some("SECRET".to_owned());
        assert!(
            to_pb(&definition)
                .unwrap()
                .unwrap_err()
                .contains("SPECIAL_CATEGORY")
        );
    }
}
