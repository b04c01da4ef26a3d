//! The laws of dispositions, remedies and the spiral, and examples by hand.

use super::{remedy::Step, remedy::*, spiral::*, *};
use crate::domain::{
    account::{Account, Weights},
    allocation::{Driven, Driver},
    money::NANOS_PER_UNIT,
};
use proptest::prelude::*;

const UNIT: Nanos = NANOS_PER_UNIT;

fn statement(net_revenue: Nanos, cost_to_serve: Nanos, margin: Nanos, fixed: Nanos) -> Statement {
    Statement {
        net_revenue: net_revenue * UNIT,
        cost_to_serve: cost_to_serve * UNIT,
        customer_margin: margin * UNIT,
        allocated_fixed_cost: fixed * UNIT,
        net_profit: (margin - fixed) * UNIT,
        ..Statement::default()
    }
}

fn judged(statement: &Statement, place: u64) -> Judged<'_> {
    Judged {
        statement,
        time_cost: 0,
        place,
        place_by_revenue: 999,
        prior_margin: None,
    }
}

/// Eight customers with net profits of 80, 70 … 10.
fn edges() -> Edges {
    let point = |place: i128| Point {
        value: (80 - 10 * place) * UNIT,
        cumulative: (0..=place).map(|p| (80 - 10 * p) * UNIT).sum(),
    };
    Edges {
        customers: 8,
        top: Some((point(1), point(2))),
        bottom: Some((point(5), point(6))),
    }
}

fn decided(statement: &Statement, place: u64, rules: &Rules) -> (Disposition, Cause, Nanos) {
    let verdict = rules.judge(&judged(statement, place), &edges());
    let first = verdict.reasons[0];
    (verdict.disposition, first.cause, first.margin)
}

#[test]
fn each_disposition_is_reached_by_its_margin() {
    let rules = Rules::default();
    let of = |statement: &Statement, place| decided(statement, place, &rules);
    let good = statement(100, 10, 90, 10);
    assert_eq!(of(&good, 0), (Disposition::Keep, Cause::TopBand, 20 * UNIT));
    let middle = statement(100, 10, 50, 10);
    assert_eq!(
        of(&middle, 4),
        (Disposition::Nurture, Cause::MiddleBand, 20 * UNIT)
    );
    let little = statement(100, 10, 20, 10);
    assert_eq!(
        of(&little, 7),
        (Disposition::Nurture, Cause::BottomBand, 10 * UNIT)
    );
    // It loses by full cost, and would be missed: the trap of ending it.
    let covers = statement(100, 10, 5, 10);
    assert_eq!(
        of(&covers, 7),
        (Disposition::Nurture, Cause::CoversOwnCost, 5 * UNIT)
    );
    // Remedies reach a tenth of 100 and half of 10.
    let mended = statement(100, 10, -15, 0);
    assert_eq!(
        of(&mended, 7),
        (Disposition::Repair, Cause::WithinRepair, 0)
    );
    let lost = statement(100, 10, -16, 0);
    assert_eq!(of(&lost, 7), (Disposition::Exit, Cause::BeyondRepair, UNIT));
    let refers = Statement {
        referral_count: 1,
        ..lost.clone()
    };
    assert_eq!(
        of(&refers, 7),
        (Disposition::Repair, Cause::HelpsOtherwise, UNIT)
    );
    let floor = Rules {
        floor: 60 * UNIT,
        ..rules
    };
    assert_eq!(decided(&middle, 4, &floor).0, Disposition::Repair);
}

#[test]
fn growth_and_hours_decide() {
    let rules = Rules {
        opportunity_rate: Some(30_000_000),
        ..Rules::default()
    };
    let good = statement(100, 10, 90, 10);
    let growing = Judged {
        prior_margin: Some(60 * UNIT),
        ..judged(&good, 0)
    };
    let verdict = rules.judge(&growing, &edges());
    assert_eq!(verdict.disposition, Disposition::Invest);
    assert_eq!(verdict.reasons[0].margin, 30 * UNIT);
    let shrinking = Judged {
        prior_margin: Some(91 * UNIT),
        ..growing
    };
    let verdict = rules.judge(&shrinking, &edges());
    assert_eq!(verdict.disposition, Disposition::Keep);
    assert_eq!(verdict.reasons[1].cause, Cause::Shrinking);
    // Four hours would earn 120 elsewhere, and earn 90 + 10 here.
    let busy = Statement {
        milli_minutes: 240_000,
        ..good.clone()
    };
    let slow = Judged {
        statement: &busy,
        time_cost: 10 * UNIT,
        ..judged(&good, 0)
    };
    let verdict = rules.judge(&slow, &edges());
    assert_eq!(verdict.disposition, Disposition::Repair);
    assert_eq!(
        verdict.reasons[0],
        Reason {
            cause: Cause::BelowOpportunityRate,
            margin: 20 * UNIT
        }
    );
}

#[test]
fn the_middle_is_at_least_half_and_bands_come_to_the_whole() {
    for customers in 0..40 {
        let edges = Edges {
            customers,
            ..Edges::default()
        };
        let of = |band| {
            (0..customers)
                .filter(|place| edges.band(*place) == band)
                .count() as u64
        };
        let (top, middle) = (of(Band::Top), of(Band::Middle));
        assert_eq!((top, of(Band::Bottom)), (customers / 4, customers / 4));
        assert!(middle * 2 >= customers);
        assert_eq!(Edges::places(customers).is_some(), top > 0);
    }
    let bands = edges().bands(360 * UNIT);
    let sums = bands.map(|(_, count, sum)| (count, sum / UNIT));
    assert_eq!(sums, [(2, 150), (4, 180), (2, 30)]);
    assert_eq!(edges().next_band(0), None);
    assert_eq!(edges().next_band(3), Some(70 * UNIT));
    assert_eq!(edges().next_band(7), Some(30 * UNIT));
}

#[test]
fn revenue_for_a_gap_goes_by_the_present_ratio() {
    // 25 of 100 is earned: a gap of 10 needs 40.
    let of = |gap, margin| revenue_for(gap * UNIT, &statement(100, 0, margin, 0));
    assert_eq!(of(10, 25), Some(40 * UNIT));
    assert_eq!((of(0, 25), of(10, 0), of(10, -1)), (None, None, None));
    assert_eq!([5, 15, -5].map(|n| proportion(n, 1, 10)), [0, 2, 0]);
}

/// 100 minutes cost 80; 7 special demands; 30 are missing to a target of 10.
fn by_hand() -> (Accounts, Aim) {
    let accounts = Accounts {
        net_revenue: 200 * UNIT,
        customer_margin: -20 * UNIT,
        allocated: 15 * UNIT,
        milli_minutes: 100_000,
        time_cost: 80 * UNIT,
        special_demands: 7,
    };
    let aim = Aim {
        target: 10 * UNIT,
        opportunity_rate: 60_000_000,
        redeployed: 250_000,
        price_rise: None,
        refused_rise: 100_000,
    };
    (accounts, aim)
}

#[test]
fn a_surcharge_a_cut_and_a_price_by_hand() {
    let (accounts, aim) = by_hand();
    let of = |action| effect(action, &accounts, &aim).unwrap();
    let charged = of(Action::Surcharge);
    let fees = charged.fees.unwrap();
    assert_eq!(fees.each * 7 + fees.one_more, 30 * UNIT);
    assert_eq!(
        (charged.customer_margin, charged.net_revenue),
        (10 * UNIT, 230 * UNIT)
    );
    let cut = of(Action::ReduceCostToServe);
    assert_eq!(
        (cut.break_even, cut.customer_margin),
        (Some(62_500), 10 * UNIT)
    );
    // Of 37.5 minutes that cost 30, a quarter goes on costing 7.50 and earns 9.375.
    assert_eq!(cut.freed.redeployed, 9_375);
    assert_eq!(cut.avoided_cost, 22 * UNIT + UNIT / 2);
    assert_eq!(cut.profit_change, 31_875_000_000);
    assert_eq!(of(Action::Reprice).rise, Some(30 * UNIT));
    // Gone: 220 of costs less 20 that go on, and 25 minutes that earn 25: 200 + 25 - 200.
    let gone = of(Action::Direct);
    assert_eq!((gone.avoided_cost, gone.stranded), (200 * UNIT, 15 * UNIT));
    assert_eq!(gone.profit_change, 25 * UNIT);
    // A walk-away price is at least what reaches the target.
    assert_eq!(of(Action::WalkAwayPrice).rise, Some(30 * UNIT));
}

#[test]
fn what_is_not_possible_says_why() {
    let (accounts, aim) = by_hand();
    let none = Accounts::default();
    for (action, obstacle) in [
        (Action::ReduceCostToServe, Obstacle::NoWorkingTime),
        (Action::Surcharge, Obstacle::NoSpecialDemands),
        (Action::Reprice, Obstacle::NoRevenue),
        (Action::Migrate, Obstacle::NoWorkingTime),
        (Action::WalkAwayPrice, Obstacle::NoRevenue),
    ] {
        assert_eq!(effect(action, &none, &aim), Err(obstacle));
    }
    let tiny = Accounts {
        net_revenue: UNIT / 10,
        ..accounts
    };
    let refused = effect(Action::Reprice, &tiny, &aim);
    assert_eq!(refused, Err(Obstacle::PriceBeyondReach));
    let dear = Aim {
        target: 90 * UNIT,
        ..aim
    };
    let cut = effect(Action::ReduceCostToServe, &accounts, &dear);
    assert_eq!(cut, Err(Obstacle::NotEnoughWorkingTime));
    let low = Aim {
        target: -20 * UNIT,
        ..aim
    };
    for action in [
        Action::ReduceCostToServe,
        Action::Surcharge,
        Action::Reprice,
    ] {
        assert_eq!(
            effect(action, &accounts, &low),
            Err(Obstacle::TargetReached)
        );
    }
}

#[test]
fn a_pool_that_is_left_behind_drives_the_death_spiral() {
    // 120 over four: 30 each. Margins 100, 50, 35, 20: one loses; ending it takes 40 each, and so on.
    let pools = Pools {
        split: vec![120_000_000],
        driven: Vec::new(),
    };
    let members = [100, 50, 35, 20].map(|margin| Member {
        margin: margin * UNIT,
        net_revenue: margin * UNIT,
        milli_minutes: 1,
    });
    let mut spiral = Spiral::of(pools, members.to_vec(), Vec::new());
    assert_eq!(spiral.books().profit(), 85 * UNIT);
    let first = spiral.end(spiral.worst(EndingBasis::NetProfit, None));
    assert_eq!(
        (first.ended, first.stranded, first.turned),
        (vec![3], 30 * UNIT, vec![2])
    );
    assert_eq!(
        first.books.profit(),
        65 * UNIT,
        "ending a loss-maker cost 20"
    );
    let second = spiral.end(spiral.worst(EndingBasis::NetProfit, None));
    assert_eq!((second.ended, second.turned), (vec![2], vec![1]));
    let third = spiral.end(spiral.worst(EndingBasis::NetProfit, None));
    assert_eq!(
        (third.ended, third.turned, third.negative),
        (vec![1], vec![0], 1)
    );
    let last = spiral.end(spiral.worst(EndingBasis::NetProfit, None));
    assert_eq!(last.books.profit(), -120 * UNIT, "the pool is still there");
    assert_eq!(last.books.unallocated, 120 * UNIT);
}

fn any_accounts() -> impl Strategy<Value = Accounts> {
    let amount = -1_000_000_000_000_000..1_000_000_000_000_000_i128;
    let positive = 0..1_000_000_000_000_000_i128;
    (
        amount.clone(),
        amount,
        positive.clone(),
        (positive.clone(), positive),
        0..50_i128,
    )
        .prop_map(
            |(
                net_revenue,
                customer_margin,
                allocated,
                (milli_minutes, time_cost),
                special_demands,
            )| {
                Accounts {
                    net_revenue,
                    customer_margin,
                    allocated,
                    milli_minutes,
                    time_cost,
                    special_demands,
                }
            },
        )
}

fn any_aim() -> impl Strategy<Value = Aim> {
    let target = -1_000_000_000_000_000..1_000_000_000_000_000_i128;
    (target, 0..1_000_000_000_i64, 0..=1_000_000_i64).prop_map(|(target, rate, redeployed)| Aim {
        target,
        opportunity_rate: rate,
        redeployed,
        price_rise: None,
        refused_rise: 0,
    })
}

proptest! {
    #[test]
    fn a_surcharge_reaches_the_target_exactly(accounts in any_accounts(), aim in any_aim()) {
        if let Ok(effect) = effect(Action::Surcharge, &accounts, &aim) {
            prop_assert_eq!(effect.customer_margin, aim.target);
            let fees = effect.fees.unwrap();
            prop_assert!((0..accounts.special_demands).contains(&fees.one_more));
            let paid = fees.each * accounts.special_demands + fees.one_more;
            prop_assert_eq!(accounts.customer_margin + paid, aim.target);
        }
    }

    #[test]
    fn no_hour_is_both_saved_and_put_to_use(accounts in any_accounts(), aim in any_aim()) {
        for action in Action::ALL {
            let Ok(effect) = effect(action, &accounts, &aim) else { continue };
            let Freed { saved, redeployed, redeployed_cost, redeployed_value } = effect.freed;
            prop_assert!(saved >= 0 && redeployed >= 0);
            prop_assert!(saved + redeployed <= accounts.milli_minutes);
            // What goes on costing is not avoided as well.
            if action.step() == Step::End {
                prop_assert_eq!(saved + redeployed, accounts.milli_minutes);
                prop_assert_eq!(effect.avoided_cost + redeployed_cost, accounts.cost());
            }
            let revenue = effect.net_revenue - accounts.net_revenue;
            prop_assert_eq!(effect.profit_change, revenue + effect.avoided_cost + redeployed_value);
        }
    }

    #[test]
    fn break_even_minutes_reach_the_target_by_less_than_a_thousandth_of_a_minute(
        accounts in any_accounts(), aim in any_aim(),
    ) {
        if let Ok(effect) = effect(Action::ReduceCostToServe, &accounts, &aim) {
            let left = effect.break_even.unwrap();
            prop_assert!((0..accounts.milli_minutes).contains(&left));
            // Half a nano-unit may be lost by rounding what the minutes cost.
            let each = accounts.time_cost / accounts.milli_minutes + 2;
            let beyond = effect.customer_margin - aim.target;
            prop_assert!((-1..=each).contains(&beyond), "{} of {}", beyond, each);
        }
    }

    #[test]
    fn ending_anybody_changes_margins_by_theirs_and_no_fixed_cost(
        margins in proptest::collection::vec((-1_000..1_000_i128, 0..50_i128), 1..30),
        amounts in (0..1_000_000_i64, 0..1_000_000_i64, 1..2_000_i128),
        ended in proptest::collection::vec(any::<proptest::sample::Index>(), 0..9),
    ) {
        let driver = Driver::Weighed(Weights([(Account::SaleCount, 1)].into()));
        let driven = |capacity| Driven { amount: amounts.1, driver: driver.clone(), capacity };
        let pools = Pools { split: vec![amounts.0], driven: vec![driven(None), driven(Some(amounts.2))] };
        let members: Vec<Member> = margins.iter().map(|(margin, _)| Member {
            margin: *margin, net_revenue: 1, milli_minutes: 0,
        }).collect();
        let quantities = margins.iter().flat_map(|(_, quantity)| [*quantity; 2]).collect();
        let mut spiral = Spiral::of(pools, members, quantities);
        let before = spiral.books();
        let mut ended: Vec<usize> = ended.iter().map(|index| index.index(margins.len())).collect();
        ended.sort_unstable();
        ended.dedup();
        let lost: i128 = ended.iter().map(|index| margins[*index].0).sum();
        let count = ended.len() as u64;
        let step = spiral.end(ended);
        let fixed = |books: &Books| books.allocated + books.unallocated;
        prop_assert_eq!(step.books.customer_margin + lost, before.customer_margin);
        prop_assert_eq!(step.books.profit() + lost, before.profit());
        prop_assert_eq!(fixed(&step.books), fixed(&before));
        prop_assert_eq!(step.books.customers + count, before.customers);
    }
}
