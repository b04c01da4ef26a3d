//! The currency codes of ISO 4217: those in use and those that were withdrawn, since books reach back. Knows nothing of
//! rates.

use super::{
    money::Currency,
    problem::{Problem, Reason},
};
use std::fmt;

/// In use (list one), but for the codes for tests and for no currency at all.
const IN_USE: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV \
    BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK \
    DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT \
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR \
    MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF \
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP \
    TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU \
    XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XUA YER ZAR ZMW ZWG";
/// Withdrawn (list three).
const WITHDRAWN: &str = "ADP AFA ALK AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BOP \
    BRB BRC BRE BRN BRR BUK BYB BYR CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA \
    ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE GWP HRD HRK IEP ILP ILR ISJ ITL \
    LAJ LSM LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG \
    PEH PEI PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM TPE \
    TRL UAK UGS UGW USS UYN UYP VEB VEF VNC XEU XFO XFU XRE YDD YUD YUM YUN ZAL ZMK \
    ZRN ZRZ ZWC ZWD ZWL ZWN ZWR";

/// Takes a code that a client gave, if ISO 4217 has it.
pub fn known_currency(text: &str, field: impl fmt::Display + Copy) -> Result<Currency, Problem> {
    let currency = Currency::parse(text, field)?;
    match is_known(currency) {
        true => Ok(currency),
        false => Err(currency_unknown(currency, field)),
    }
}

/// Whether ISO 4217 has it.
fn is_known(currency: Currency) -> bool {
    let mut all = IN_USE.split(' ').chain(WITHDRAWN.split(' '));
    all.any(|code| code == currency.as_str())
}

fn currency_unknown(currency: Currency, field: impl fmt::Display) -> Problem {
    let message = format!("{field} is {currency}, which is no currency code of ISO 4217");
    let variables = [("currency", currency.to_string())];
    Problem::new(Reason::CurrencyUnknown, field, message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_or_refused_by_name() {
        for code in ["EUR", "USD", "DEM", "JPY", "ZWR", "AED", "ZWG", "ADP"] {
            assert_eq!(known_currency(code, "c").unwrap().as_str(), code);
        }
        let refused = |code| known_currency(code, "c").unwrap_err().reason;
        assert_eq!(refused("EUX"), Reason::CurrencyUnknown);
        assert_eq!(refused("XTS"), Reason::CurrencyUnknown);
        assert_eq!(refused("eur"), Reason::FieldInvalid);
        assert_eq!(refused(""), Reason::FieldRequired);
    }

    #[test]
    fn the_lists_hold_codes_once() {
        let all: Vec<&str> = IN_USE.split(' ').chain(WITHDRAWN.split(' ')).collect();
        let mut sorted = all.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), all.len());
        assert!(all.iter().all(|code| Currency::parse(code, "c").is_ok()));
    }
}
