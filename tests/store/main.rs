//! What every store must be able to do, run on each of them; and what the embedded store must survive.
//!
//! A new store joins by a line in [`stores`] and one in the list of `on_every_store!`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod advice;
mod allocation;
mod appending;
mod asking;
#[path = "../shared/cluster.rs"]
mod cluster;
mod copying;
mod currencies;
mod curve;
mod damage;
mod databases;
mod decisions;
mod durability;
mod generate;
mod grouping;
mod inactive;
mod laws;
mod likeness;
mod managed;
mod models;
mod outcomes;
mod price_terms;
mod prospects;
mod purchases;
mod ranking;
mod reading;
mod receivables;
mod recording;
mod referrals;
mod relationship;
mod reports;
mod shapes;
mod stores;
mod told;
mod watching;
mod words;
mod worlds;

/// Makes one test of each case for each store.
macro_rules! on_every_store {
    ($($topic:ident: $($case:ident),+ $(,)?);+ $(;)?) => {
        on_every_store!(@store memory, $($topic: $($case),+);+);
        on_every_store!(@store embedded, $($topic: $($case),+);+);
        on_every_store!(@store finely_divided, $($topic: $($case),+);+);
        on_every_store!(@store postgres, $($topic: $($case),+);+);
        on_every_store!(@store citus, $($topic: $($case),+);+);
    };
    (@store $store:ident, $($topic:ident: $($case:ident),+);+) => {
        mod $store {
            $(mod $topic {
                $(#[tokio::test]
                async fn $case() {
                    // What cannot be opened here says that its test is skipped.
                    if let Some(opened) = crate::stores::$store().await {
                        crate::$topic::$case(opened.store()).await;
                    }
                })+
            })+
        }
    };
}

on_every_store! {
    relationship:
        a_sale_takes_back_what_it_caused,
        a_sale_and_what_it_caused_can_come_and_go_in_one_batch,
        what_is_caused_needs_its_sale,
        taking_back_a_sale_equals_never_having_had_it,
        a_statement_is_what_a_ranking_says;
    appending:
        positions_rise_without_gaps,
        the_same_again_is_a_duplicate,
        other_content_is_refused_by_field,
        items_of_a_batch_stand_alone,
        a_reversal_needs_its_activity,
        a_reversal_can_follow_in_the_same_batch,
        validate_only_keeps_nothing,
        tenants_are_apart,
        requests_at_once_all_get_their_places,
        a_question_sees_whole_batches;
    watching:
        a_store_tells_when_something_is_written;
    recording:
        positions_are_shared_with_the_ledger,
        parties_have_a_history,
        trait_types_hold,
        a_definition_can_change_but_not_its_type,
        cost_models_are_versions,
        months_are_closed_once_and_in_order,
        products_have_a_history,
        validate_only_keeps_no_record,
        parties_are_listed_in_pages;
    currencies:
        rates_are_versions_of_days,
        rates_are_listed_in_pages,
        what_was_submitted_is_kept_and_compared,
        rows_of_many_entries_keep_what_was_submitted;
    price_terms:
        terms_hold_from_their_day_as_they_were_known,
        terms_are_listed_in_pages;
    outcomes:
        outcomes_are_versions,
        outcomes_are_listed_in_pages,
        what_became_known_afterwards_is_not_learnt_from,
        requests_and_models_are_told_as_of_a_position,
        an_erasure_reaches_every_version,
        what_was_erased_is_copied_without_it;
    decisions:
        decisions_are_versions,
        an_erasure_leaves_amounts_of_decisions;
    prospects:
        prospects_are_rows_of_their_values,
        prospects_with_a_sale_are_told;
    reading:
        entries_are_listed_in_pages,
        entries_of_a_customer_with_their_reversals,
        entries_of_a_time,
        entries_as_of_a_position;
    ranking:
        every_basis_has_its_order,
        equal_values_stand_by_id,
        an_equal_split_adds_up_and_moves_nobody,
        filters_leave_the_rest_beside,
        places_and_customers_are_picked,
        places_beside_are_told,
        late_activities_count_when_they_happened,
        the_past_stays_as_it_was,
        nobody_is_ranked_without_activity,
        huge_weights_and_amounts_are_exact;
    allocation:
        drivers_add_up_to_the_unit,
        drivers_do_not_look_at_filters,
        drivers_move_customers,
        what_rounding_leaves_over_moves_nobody,
        every_store_comes_to_the_same_shares;
    receivables:
        what_customers_owe_is_told_by_customer,
        what_each_customer_costs_is_its_own;
    purchases:
        days_are_added_up_by_customer,
        purchases_are_of_branches_and_traits,
        some_customers_of_a_ranking_are_picked;
    referrals:
        referrals_and_asks_are_told_as_they_happened,
        everybody_is_worth_what_a_ranking_says;
    curve:
        the_curve_has_its_points,
        the_curve_of_nobody_and_of_losses,
        lift_counts_the_best;
    grouping:
        every_group_ties_to_the_ledger,
        a_group_without_live_activities_is_gone,
        sums_beyond_eight_bytes_are_exact,
        cells_are_of_the_asked_customers_and_in_the_scope,
        profiles_look_at_ages,
        profiles_leave_out_who_came_before;
    managed:
        customers_of_a_manager_are_those_with_an_activity,
        customers_of_a_manager_are_those_with_a_cell;
    copying:
        what_was_written_is_told_in_order,
        what_is_copied_answers_the_same_there_and_back,
        a_copy_goes_on_where_it_was_broken_off,
        what_does_not_follow_is_not_taken_over,
        a_target_with_something_else_is_refused_by_name;
    laws:
        order_batches_and_repeats_change_nothing,
        a_reversal_equals_never_having_been,
        adjoining_periods_add_up,
        all_groups_and_the_ledger_agree,
        cells_add_up_to_rows_and_to_columns,
        an_equal_split_moves_nobody_and_adds_up;
}

/// Makes one test of each law over whole reports for each store, which a service is put over.
macro_rules! over_every_store {
    ($($topic:ident: $($case:ident),+ $(,)?);+ $(;)?) => {
        over_every_store!(@store memory, $($topic: $($case),+);+);
        over_every_store!(@store embedded, $($topic: $($case),+);+);
        over_every_store!(@store finely_divided, $($topic: $($case),+);+);
        over_every_store!(@store postgres, $($topic: $($case),+);+);
        over_every_store!(@store citus, $($topic: $($case),+);+);
    };
    (@store $store:ident, $($topic:ident: $($case:ident),+);+) => {
        mod $store {
            $($(#[tokio::test]
            async fn $case() {
                // What cannot be opened here says that its test is skipped.
                if let Some(opened) = crate::stores::$store().await {
                    crate::$topic::$case(opened.shared(), opened.worlds()).await;
                }
            })+)+
        }
    };
}

mod whole_reports {
    over_every_store! {
        reports:
            order_batches_and_repeats_change_no_report,
            a_reversal_leaves_no_trace_in_any_report,
            customers_dimensions_days_and_the_ledger_agree,
            two_periods_come_to_their_union,
            what_receivables_cost_comes_to_what_is_listed,
            shares_come_to_their_pools_whatever_the_policy,
            an_equal_split_moves_nobody_in_any_model;
        advice:
            an_exit_and_the_books_without_it_are_the_books_with_it,
            a_plan_has_everybody_once_and_is_the_whale_curve,
            ending_customers_conserves_every_fixed_cost;
        inactive:
            who_has_no_activity_is_in_the_order_whatever_the_pages;
    }
}
