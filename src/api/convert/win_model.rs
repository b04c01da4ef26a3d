//! Models of winning prospects and their cards.

use super::{
    common::{count_to_pb, instant_to_pb, money_to_pb, position_to_pb},
    exchange_rate::day_to_pb,
    prospect::{bin_to_pb, decision_to_pb},
};
use crate::{
    api::pb,
    domain::{
        ledger::Position,
        model::{
            card::{CutOff, Measured, MeasuredValue},
            evaluation::deciles::Decile,
            expected_return::WinChance,
            proxy::Proxy,
            win::{Standing, TraitDrift, WinContribution, WinPrediction, leak::Leak},
        },
        model_version::ModelVersion,
        money::Currency,
    },
    service::{
        evaluate::Evaluation,
        models::{Adoption, AdoptionReason},
        win::HeldModel,
    },
};

/// How likely a prospect is won, and the chance that was reckoned with.
pub fn win_chance_to_pb(win: &WinPrediction, chance: &WinChance) -> pb::WinChance {
    let contribution = |part: &WinContribution| pb::WinContribution {
        bin: Some(bin_to_pb(&part.bin)),
        with: part.with.as_ref().map(bin_to_pb),
        log_odds: part.log_odds,
        decided_count: count_to_pb(part.closed),
        won_count: count_to_pb(part.won),
        lift: part.lift,
        lift_lower_bound: part.lower,
        lift_upper_bound: part.upper,
    };
    pb::WinChance {
        probability: chance.probability,
        lower: chance.lower,
        upper: chance.upper,
        log_odds: win.log_odds,
        baseline_log_odds: win.baseline,
        contributions: win.contributions.iter().map(contribution).collect(),
        evidence_count: count_to_pb(win.evidence),
    }
}

fn standing_to_pb(standing: Standing) -> pb::ModelStanding {
    match standing {
        Standing::TooFewOutcomes => pb::ModelStanding::TooFewOutcomes,
        Standing::NoSignal => pb::ModelStanding::NoSignal,
        Standing::Signal => pb::ModelStanding::Signal,
    }
}

fn drift_to_pb(drift: &TraitDrift) -> pb::TraitDrift {
    pb::TraitDrift {
        key: drift.key.to_string(),
        stability_index: drift.index,
        alarm: drift.alarm,
    }
}

fn leak_to_pb(leak: &Leak) -> pb::LeakingTrait {
    pb::LeakingTrait {
        key: leak.key.to_string(),
        information_value: leak.information_value,
        auc: leak.auc,
    }
}

/// A model of winning prospects.
pub fn win_model_to_pb(held: &HeldModel) -> pb::WinModel {
    let model = &held.learnt.model;
    let auc = model.held_back_auc;
    pb::WinModel {
        version: held.version.map(count_to_pb),
        trained_as_of: Some(position_to_pb(held.trained_as_of)),
        decided_count: count_to_pb(model.closed),
        won_count: count_to_pb(model.won),
        base_rate: model.base_rate,
        standing: standing_to_pb(model.standing) as i32,
        auc: auc.map(|auc| auc.value),
        auc_lower_bound: auc.map(|auc| auc.interval().0),
        recorded_late_count: count_to_pb(held.learnt.recorded_late),
        objected_count: count_to_pb(held.learnt.objected),
        leaking_traits: model.leaks.iter().map(leak_to_pb).collect(),
        drift: held.drift.iter().map(drift_to_pb).collect(),
        drift_alarm: held.drift_alarm(),
        fingerprint: format!("{:016x}", model.fingerprint()),
    }
}

fn decile_to_pb(decile: &Decile) -> pb::DecileLine {
    pb::DecileLine {
        count: decile.count,
        lift: decile.lift,
        cumulative_share: decile.cumulative_share,
    }
}

fn probabilities_to_pb(card: &Measured) -> pb::ProbabilityCard {
    let lines = card.reliability.iter();
    pb::ProbabilityCard {
        count: count_to_pb(card.count),
        won_count: count_to_pb(card.won),
        auc: card.auc.map(|auc| auc.value),
        auc_lower_bound: card.auc.map(|auc| auc.interval().0),
        auc_upper_bound: card.auc.map(|auc| auc.interval().1),
        brier: card.brier,
        brier_of_base_rate: card.brier_of_base_rate,
        log_loss: card.log_loss,
        calibration_error: card.calibration_error,
        reliability: lines
            .map(|line| pb::ReliabilityLine {
                count: line.count,
                told: line.told,
                won: line.won,
                won_lower_bound: line.lower,
                won_upper_bound: line.upper,
            })
            .collect(),
        deciles: card.deciles.iter().map(decile_to_pb).collect(),
    }
}

fn cut_off_to_pb(point: &CutOff, currency: Currency) -> pb::CutOff {
    pb::CutOff {
        count: count_to_pb(point.pursued),
        expected_return: Some(money_to_pb(point.expected, currency)),
        value: Some(money_to_pb(point.value, currency)),
    }
}

fn value_to_pb(card: &MeasuredValue, pursued: &CutOff, currency: Currency) -> pb::ValueCard {
    let money = |amount| Some(money_to_pb(amount, currency));
    let point = |point: &CutOff| cut_off_to_pb(point, currency);
    pb::ValueCard {
        count: count_to_pb(card.count),
        everybody: money(card.everybody),
        perfect: money(card.perfect),
        gini: card.gini,
        deciles: card.deciles.iter().map(decile_to_pb).collect(),
        curve: card.curve.iter().map(point).collect(),
        best_cut_off: card.best.as_ref().map(point),
        pursued: Some(point(pursued)),
    }
}

/// The model card.
pub fn evaluation_to_pb(
    card: &Evaluation,
    read_at: Position,
    currency: Currency,
) -> pb::EvaluateModelResponse {
    let value = card.later_value.as_ref();
    let advice = card.advice.iter().map(|(advice, line)| pb::AdviceCard {
        advice: advice.map_or(0, |advice| decision_to_pb(advice) as i32),
        decided_count: count_to_pb(line.decided),
        won_count: count_to_pb(line.won),
        brought: Some(money_to_pb(line.brought, currency)),
    });
    pb::EvaluateModelResponse {
        model: Some(win_model_to_pb(&card.model)),
        held_back_from: card.held_back_from.and_then(day_to_pb),
        earlier_count: count_to_pb(card.earlier),
        later_time: card.later_time.as_ref().map(probabilities_to_pb),
        other_prospects: card.other_prospects.as_ref().map(probabilities_to_pb),
        later_value: value.map(|value| value_to_pb(value, &card.pursued, currency)),
        outcome_interval: card.coverage.map(|coverage| pb::CoverageCard {
            count: count_to_pb(coverage.count),
            overall: coverage.overall,
            best_tenth: coverage.best_tenth,
        }),
        drift: card.drift.iter().map(drift_to_pb).collect(),
        advice: advice.collect(),
        read_at: Some(position_to_pb(read_at)),
    }
}

/// Whether a model was adopted.
pub fn adoption_to_pb(adoption: &Adoption) -> pb::AdoptModelResponse {
    let reason = match adoption.reason {
        AdoptionReason::First => pb::AdoptionReason::First,
        AdoptionReason::NotWorse => pb::AdoptionReason::NotWorse,
        AdoptionReason::Worse => pb::AdoptionReason::Worse,
        AdoptionReason::TooFewNewOutcomes => pb::AdoptionReason::TooFewNewOutcomes,
        AdoptionReason::SameRequest => pb::AdoptionReason::SameRequest,
    };
    let contest = adoption.contest.as_ref();
    pb::AdoptModelResponse {
        adopted: adoption.adopted(),
        reason: reason as i32,
        contest: contest.map(|(contest, from)| pb::ModelContest {
            log_loss_difference: contest.difference,
            standard_error: contest.standard_error,
            count: count_to_pb(contest.count),
            from: day_to_pb(*from),
        }),
        model: Some(win_model_to_pb(&adoption.model)),
        written_at: adoption.written_at.map(position_to_pb),
    }
}

/// A version of the model; one that only would be stored has no place.
pub fn model_version_to_pb(version: &ModelVersion) -> pb::ModelVersion {
    let is_stored = version.version > 0;
    pb::ModelVersion {
        version: count_to_pb(version.version),
        trained_as_of: Some(position_to_pb(version.draft.trained_as_of)),
        restores: version.draft.restores.map(count_to_pb),
        note: version.draft.note.clone(),
        position: is_stored.then(|| position_to_pb(version.position)),
        record_time: is_stored.then(|| instant_to_pb(version.record_time)),
    }
}

/// How much a trait tells of another.
pub fn proxy_to_pb(proxy: &Proxy) -> pb::TraitProxy {
    pb::TraitProxy {
        key: proxy.key.to_string(),
        protected_key: proxy.protected.to_string(),
        party_count: count_to_pb(proxy.parties),
        strength: proxy.strength,
        p_value: proxy.p_value,
        alarm: proxy.alarm,
    }
}
