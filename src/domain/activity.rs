//! What can happen with a customer.

use super::{
    exchange_rate::Original,
    id::{ActivityId, PartyId, RoleId},
    money::Micros,
    relationship::Relationship,
    time::Instant,
};
use serde::{Deserialize, Serialize};

/// Something that happened with a customer. The contract's `activity.proto` documents every field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The idempotency key.
    pub activity_id: ActivityId,
    /// Whom it happened with.
    pub customer_id: PartyId,
    /// When it happened.
    pub occur_time: Instant,
    /// What it can be grouped and filtered by.
    pub dimensions: Dimensions,
    /// What happened; amounts are in the currency of the books.
    pub kind: Kind,
    /// What it was submitted as, if in another currency. Stored forms keep it beside the activity, so that those in the
    /// currency of the books take nothing for it.
    #[serde(skip)]
    pub original: Option<Box<Original>>,
}

impl Activity {
    /// The sale with which it is taken back.
    pub fn sale(&self) -> Option<&ActivityId> {
        self.kind.sale()
    }
}

/// What an activity can be grouped and filtered by; an empty text is UNASSIGNED.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Dimensions {
    /// The branch that served the customer.
    pub branch_id: String,
    /// The product or service.
    pub product_id: String,
    /// The account manager.
    pub account_manager_id: String,
    /// The channel.
    pub channel_id: String,
    /// The campaign.
    pub campaign_id: String,
    /// Where the evidence is.
    pub evidence_ref: String,
}

/// What happened. New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Goods or services were sold.
    Sale {
        /// What was charged, in micro-units.
        revenue: Micros,
        /// What the goods cost, in micro-units.
        cost_of_goods: Option<Micros>,
        /// How much was sold, in millionths.
        quantity: Option<i64>,
        /// What it would have cost without discount.
        price: Option<Price>,
    },
    /// A sale was given back.
    Refund {
        /// What was credited, in micro-units.
        amount: Micros,
        /// The cost of goods that came back, in micro-units.
        recovered_cost_of_goods: Option<Micros>,
        /// Whether it was paid out.
        paid_out: bool,
    },
    /// A cost that the customer caused directly.
    DirectCost {
        /// What kind.
        kind: DirectCostKind,
        /// How much, in micro-units.
        amount: Micros,
    },
    /// Working time.
    Effort {
        /// Who and how long.
        work: Work,
        /// What for.
        purpose: EffortPurpose,
        /// How.
        channel: Option<ContactChannel>,
    },
    /// A complaint.
    Complaint {
        /// How grave for the business.
        severity: Severity,
        /// How grave in the customer's eyes.
        perceived_severity: Option<Severity>,
        /// What was paid to make up for it, in micro-units.
        compensation: Option<Micros>,
        /// The time it took.
        work: Option<Work>,
    },
    /// Something out of the ordinary.
    SpecialDemand {
        /// What was asked for.
        description: String,
        /// What it cost besides time, in micro-units.
        cost: Option<Micros>,
        /// The time it took.
        work: Option<Work>,
    },
    /// An amount was billed.
    Invoice {
        /// Its number.
        invoice_id: String,
        /// How much, in micro-units.
        amount: Micros,
        /// When it is to be paid.
        due_time: Option<Instant>,
    },
    /// The customer paid.
    Payment {
        /// How much, in micro-units.
        amount: Micros,
        /// The invoice that it settles.
        invoice_id: String,
    },
    /// A billed amount was given up.
    WriteOff {
        /// How much, in micro-units.
        amount: Micros,
        /// The invoice that was given up.
        invoice_id: String,
    },
    /// The customer brought another party.
    Referral {
        /// Who was brought.
        referred_party_id: PartyId,
    },
    /// A billed amount was credited.
    CreditNote {
        /// How much, in micro-units.
        amount: Micros,
        /// The invoice that it lowers.
        invoice_id: String,
    },
    /// An invoice is disputed, or no longer.
    Dispute {
        /// The invoice.
        invoice_id: String,
        /// Whether the dispute ends.
        resolved: bool,
    },
    /// Something else that a relationship costs or gives.
    Relationship(Relationship),
}

impl Kind {
    /// The sale that caused it, and with which it is taken back.
    pub fn sale(&self) -> Option<&ActivityId> {
        let Self::Relationship(relationship) = self else {
            return None;
        };
        relationship.sale()
    }
}

/// What a sale would have cost without discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Price {
    /// The amount at list price, in micro-units.
    List(Micros),
    /// The discount from it, in micro-units.
    Discount(Micros),
}

/// Working time of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Who.
    pub role_id: RoleId,
    /// How long, in thousandths of a minute.
    pub milli_minutes: i64,
}

macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All of them, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the contract, without its prefix.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

pub(super) use closed_list;

closed_list! {
    /// What kind of direct cost.
    DirectCostKind {
        /// Material used for this customer.
        Material = "MATERIAL",
        /// Production for this customer.
        Production = "PRODUCTION",
        /// Selling, other than working time and commission.
        Sales = "SALES",
        /// Commission on this customer's revenue.
        Commission = "COMMISSION",
        /// A fee for the lead that became this customer.
        LeadGenerationFee = "LEAD_GENERATION_FEE",
        /// A charge for a service bought for this customer.
        ServiceCharge = "SERVICE_CHARGE",
        /// Freight to this customer.
        Freight = "FREIGHT",
        /// Any other direct cost.
        Other = "OTHER",
    }
}

closed_list! {
    /// What working time was spent for.
    EffortPurpose {
        /// Selling to the customer.
        Sales = "SALES",
        /// Serving and supporting the customer.
        Service = "SERVICE",
        /// Winning the customer.
        Acquisition = "ACQUISITION",
        /// Keeping the customer.
        Retention = "RETENTION",
        /// Delivering to the customer.
        Delivery = "DELIVERY",
        /// Orders, billing, dunning and other paperwork.
        Administration = "ADMINISTRATION",
        /// Anything else.
        Other = "OTHER",
    }
}

closed_list! {
    /// How the customer was in contact.
    ContactChannel {
        /// By telephone.
        Call = "CALL",
        /// In person.
        Visit = "VISIT",
        /// By e-mail or letter.
        Mail = "MAIL",
        /// By chat or message.
        Chat = "CHAT",
        /// By video or screen sharing.
        Remote = "REMOTE",
        /// Without contact, in the back office.
        BackOffice = "BACK_OFFICE",
    }
}

closed_list! {
    /// How grave a complaint is.
    Severity {
        /// A trifle.
        Minor = "MINOR",
        /// A fault that had to be mended.
        Moderate = "MODERATE",
        /// A fault that put the relationship at risk.
        Major = "MAJOR",
    }
}
