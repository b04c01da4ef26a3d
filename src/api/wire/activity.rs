//! What clients submit by the thousand: activities. Field numbers are those of `activity.proto` and
//! `activity_service.proto`; a test compares with the generated messages.

use super::{
    Request,
    field::{Field, View, delimited, unknown, views, within},
};
use crate::api::convert::common::BATCH_LIMIT;
use prost::{
    DecodeError,
    bytes::{Buf as _, Bytes},
    encoding::WireType,
};
use tonic::{Status, codec::DecodeBuf};

/// A `SubmitActivitiesRequest`, not read yet.
#[derive(Debug)]
pub struct SubmitActivities(Bytes);

/// A `StreamActivitiesRequest`, not read yet.
#[derive(Debug)]
pub struct ActivityChunk(Bytes);

impl SubmitActivities {
    /// Reads it; its activities stay bytes.
    pub fn view(&self) -> Result<SubmitActivitiesView<'_>, DecodeError> {
        View::read(&self.0)
    }
}

impl ActivityChunk {
    /// Reads it; its activities stay bytes.
    pub fn view(&self) -> Result<ActivityChunkView<'_>, DecodeError> {
        View::read(&self.0)
    }
}

impl Request for SubmitActivities {
    fn take(bytes: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Ok(Self(bytes.copy_to_bytes(bytes.remaining())))
    }
}

impl Request for ActivityChunk {
    fn take(bytes: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Ok(Self(bytes.copy_to_bytes(bytes.remaining())))
    }
}

/// The activities of a request: how many there are, and the bytes of as many as are allowed.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Activities<'a> {
    /// How many there are.
    pub count: usize,
    items: Vec<&'a [u8]>,
}

impl<'a> Field<'a> for Activities<'a> {
    fn merge(&mut self, wire_type: WireType, bytes: &mut &'a [u8]) -> Result<(), DecodeError> {
        let item = delimited(wire_type, bytes)?;
        self.count += 1;
        if self.count <= BATCH_LIMIT {
            self.items.push(item);
            Ok(())
        } else {
            // The request will be refused: what matters is only whether it is a message at all.
            ActivityView::read(item).map(drop)
        }
    }
}

impl<'a> Activities<'a> {
    /// Reads them, one after the other.
    pub fn read(&self) -> impl Iterator<Item = Result<ActivityView<'a>, DecodeError>> {
        let items = self.items.iter();
        items.map(|item| {
            ActivityView::read(item).map_err(|error| within(error, "Activities", "activities"))
        })
    }
}

views! {
    /// A `SubmitActivitiesRequest`.
    SubmitActivitiesView of "SubmitActivitiesRequest" {
        1 tenant_id: &'a str,
        2 activities: Activities<'a>,
        3 validate_only: bool,
    }
    /// A `StreamActivitiesRequest`.
    ActivityChunkView of "StreamActivitiesRequest" {
        1 tenant_id: &'a str,
        2 sequence: i64,
        3 activities: Activities<'a>,
    }
    /// An `Activity`.
    ActivityView of "Activity" {
        1 activity_id: &'a str,
        2 customer_id: &'a str,
        3 occur_time: Option<prost_types::Timestamp>,
        4 dimensions: Option<DimensionsView<'a>>,
        oneof kind: KindView {
            10 Sale sale: SaleView<'a>,
            11 Refund refund: RefundView<'a>,
            12 DirectCost direct_cost: DirectCostView<'a>,
            13 Effort effort: EffortView<'a>,
            14 Complaint complaint: ComplaintView<'a>,
            15 SpecialDemand special_demand: SpecialDemandView<'a>,
            16 Invoice invoice: InvoiceView<'a>,
            17 Payment payment: PaymentView<'a>,
            18 WriteOff write_off: WriteOffView<'a>,
            19 Referral referral: ReferralView<'a>,
            20 CreditNote credit_note: CreditNoteView<'a>,
            21 Dispute dispute: DisputeView<'a>,
            23 Bonus bonus: BonusView<'a>,
            24 Appreciation appreciation: AppreciationView<'a>,
            25 Acquisition acquisition: AcquisitionView<'a>,
            26 RetentionSpend retention_spend: RetentionSpendView<'a>,
            27 Feedback feedback: FeedbackView<'a>,
            28 Externality externality: ExternalityView<'a>,
            29 QualitativeFactor qualitative_factor: QualitativeFactorView<'a>,
            30 ReferralAsk referral_ask: ReferralAskView<'a>,
        }
    }
    /// `Dimensions`.
    DimensionsView of "Dimensions" {
        1 branch_id: &'a str,
        2 product_id: &'a str,
        3 account_manager_id: &'a str,
        4 channel_id: &'a str,
        5 campaign_id: &'a str,
        6 evidence_ref: &'a str,
    }
    /// A `Sale`.
    SaleView of "Sale" {
        1 revenue: Option<MoneyView<'a>>,
        2 cost_of_goods: Option<MoneyView<'a>>,
        3 quantity: Option<DecimalView<'a>>,
        oneof price: PriceView {
            4 ListAmount list_amount: MoneyView<'a>,
            5 DiscountAmount discount_amount: MoneyView<'a>,
        }
    }
    /// A `Refund`.
    RefundView of "Refund" {
        1 amount: Option<MoneyView<'a>>,
        2 recovered_cost_of_goods: Option<MoneyView<'a>>,
        3 paid_out: bool,
    }
    /// A `DirectCost`.
    DirectCostView of "DirectCost" {
        1 kind: i32,
        2 amount: Option<MoneyView<'a>>,
        3 sale_activity_id: &'a str,
    }
    /// An `Effort`.
    EffortView of "Effort" {
        1 role_id: &'a str,
        2 minutes: Option<DecimalView<'a>>,
        3 purpose: i32,
        4 channel: i32,
        5 urgency: i32,
        6 complexity: i32,
    }
    /// A `Complaint`.
    ComplaintView of "Complaint" {
        1 severity: i32,
        2 perceived_severity: i32,
        3 compensation: Option<MoneyView<'a>>,
        4 minutes: Option<DecimalView<'a>>,
        5 role_id: &'a str,
    }
    /// A `SpecialDemand`.
    SpecialDemandView of "SpecialDemand" {
        1 description: &'a str,
        2 cost: Option<MoneyView<'a>>,
        3 minutes: Option<DecimalView<'a>>,
        4 role_id: &'a str,
    }
    /// An `Invoice`.
    InvoiceView of "Invoice" {
        1 invoice_id: &'a str,
        2 amount: Option<MoneyView<'a>>,
        3 due_time: Option<prost_types::Timestamp>,
    }
    /// A `Payment`.
    PaymentView of "Payment" {
        1 amount: Option<MoneyView<'a>>,
        2 invoice_id: &'a str,
    }
    /// A `WriteOff`.
    WriteOffView of "WriteOff" {
        1 amount: Option<MoneyView<'a>>,
        2 invoice_id: &'a str,
    }
    /// A `Referral`.
    ReferralView of "Referral" {
        1 referred_party_id: &'a str,
        2 kind: i32,
        3 product_family: &'a str,
    }
    /// A `ReferralAsk`.
    ReferralAskView of "ReferralAsk" {
        1 outcome: i32,
        2 note: &'a str,
    }
    /// A `CreditNote`.
    CreditNoteView of "CreditNote" {
        1 amount: Option<MoneyView<'a>>,
        2 invoice_id: &'a str,
    }
    /// A `Dispute`.
    DisputeView of "Dispute" {
        1 invoice_id: &'a str,
        2 resolved: bool,
    }
    /// A `Bonus`.
    BonusView of "Bonus" {
        1 event: i32,
        2 amount: Option<MoneyView<'a>>,
        3 sale_activity_id: &'a str,
    }
    /// An `Appreciation`.
    AppreciationView of "Appreciation" {
        1 kind: i32,
        2 amount: Option<MoneyView<'a>>,
        3 description: &'a str,
    }
    /// An `Acquisition`.
    AcquisitionView of "Acquisition" {
        1 amount: Option<MoneyView<'a>>,
        2 offer_id: &'a str,
    }
    /// A `RetentionSpend`.
    RetentionSpendView of "RetentionSpend" {
        1 amount: Option<MoneyView<'a>>,
        2 description: &'a str,
    }
    /// A `Feedback`.
    FeedbackView of "Feedback" {
        1 score: Option<DecimalView<'a>>,
        2 worst_score: Option<DecimalView<'a>>,
        3 best_score: Option<DecimalView<'a>>,
        4 comment: &'a str,
    }
    /// An `Externality`.
    ExternalityView of "Externality" {
        1 kind: i32,
        2 estimate: Option<MoneyView<'a>>,
        3 source: &'a str,
    }
    /// A `QualitativeFactor`.
    QualitativeFactorView of "QualitativeFactor" {
        1 name: &'a str,
        2 weight: Option<DecimalView<'a>>,
        3 note: &'a str,
    }
    /// A `google.type.Money`.
    MoneyView of "Money" {
        1 currency_code: &'a str,
        2 units: i64,
        3 nanos: i32,
    }
    /// A `google.type.Decimal`.
    DecimalView of "Decimal" {
        1 value: &'a str,
    }
}

impl<'a> View<'a> for prost_types::Timestamp {
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        bytes: &mut &'a [u8],
    ) -> Result<(), DecodeError> {
        match tag {
            1 => Field::merge(&mut self.seconds, wire_type, bytes)
                .map_err(|error| within(error, "Timestamp", "seconds")),
            2 => Field::merge(&mut self.nanos, wire_type, bytes)
                .map_err(|error| within(error, "Timestamp", "nanos")),
            _ => unknown(tag, wire_type, bytes),
        }
    }
}
