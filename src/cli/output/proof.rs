//! The line under every report that proves that it is complete, and what its costs leave open.

use super::{
    money::{count, decimal, exact, nanos},
    note,
};
use crate::api::pb::{ControlTotal, CostBasis, LedgerPosition};

/// `Control total: ledger = reported + left out`, checked here too, with the state that was read.
pub fn proof(total: &Option<ControlTotal>, read_at: &Option<LedgerPosition>) -> String {
    let position = read_at.map_or(0, |position| position.position);
    let Some(total) = total else {
        return format!("As of position {}\n", count(position));
    };
    let ties = nanos(&total.ledger) == nanos(&total.reported) + nanos(&total.filtered_out);
    let currency = super::money::currency_of([&total.ledger, &total.reported]);
    format!(
        "Control total: ledger {} = reported {} + left out {} {currency}, {}; as of position {}\n",
        exact(&total.ledger),
        exact(&total.reported),
        exact(&total.filtered_out),
        if ties { "ties" } else { "DOES NOT TIE" },
        count(position),
    )
}

/// Says on standard error which effort was counted at no cost because nobody gave it a rate, and how a report came to
/// be in another currency.
pub fn warn_of_costs(costs: &Option<CostBasis>) {
    let Some(costs) = costs else {
        return;
    };
    if let Some(restated) = &costs.restatement {
        note(&format!(
            "restated from {} to {} at the rates of {} days ({})",
            restated.from_currency,
            restated.to_currency,
            count(restated.day_count),
            restated.sources.join("; "),
        ));
    }
    for effort in &costs.unrated_efforts {
        note(&format!(
            "warning: {} minutes of role {} have no rate in cost model {} and count at no cost; \
             add the rate with `profitscore costs put`",
            decimal(&effort.minutes),
            effort.role_id,
            costs.cost_model_version,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::money::money_of_micros;

    #[test]
    fn says_whether_it_ties() {
        let usd = |micros| Some(money_of_micros(micros, "USD"));
        let total = |reported| {
            Some(ControlTotal {
                ledger: usd(286_397_021_700),
                reported: usd(reported),
                filtered_out: usd(0),
            })
        };
        let read_at = Some(LedgerPosition { position: 10_787 });
        let line = proof(&total(286_397_021_700), &read_at);
        assert_eq!(
            line,
            "Control total: ledger 286,397.0217 = reported 286,397.0217 + left out 0.00 USD, ties; \
             as of position 10,787\n"
        );
        assert!(proof(&total(1), &read_at).contains("DOES NOT TIE"));
    }
}
