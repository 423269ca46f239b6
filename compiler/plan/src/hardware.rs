//! A machine as a study declares it: what its work costs in time, energy, carbon and money.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::problem::Origin;

/// A declared machine. Amounts are in base units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hardware {
    pub name: String,
    /// Training FLOP per second that it reaches.
    pub speed: Exact,
    /// Watts while it works.
    pub power: Option<Exact>,
    /// What the building draws for each watt of the machine: 1 is none besides it.
    pub overhead: Exact,
    /// gCO2e per joule.
    pub carbon: Option<Exact>,
    /// USD per second.
    pub price: Option<Exact>,
    pub origin: Option<Origin>,
}

impl Hardware {
    /// Seconds for so many operations.
    pub fn time(&self, flops: &Exact) -> Option<Exact> {
        flops.div(&self.speed)
    }

    /// Joules, the building's included.
    pub fn energy(&self, flops: &Exact) -> Option<Exact> {
        Some(self.time(flops)?.mul(self.power.as_ref()?).mul(&self.overhead))
    }

    /// gCO2e.
    pub fn carbon(&self, flops: &Exact) -> Option<Exact> {
        Some(self.energy(flops)?.mul(self.carbon.as_ref()?))
    }

    /// USD.
    pub fn price(&self, flops: &Exact) -> Option<Exact> {
        Some(self.time(flops)?.mul(self.price.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_energy_carbon_and_money() {
        let decimal = |text: &str| Exact::from_decimal(text).unwrap();
        let kwh = Exact::from(3_600_000u64);
        let here = Hardware {
            name: "here".to_owned(),
            speed: decimal("1e12"),
            power: Some(decimal("350")),
            overhead: decimal("1.2"),
            carbon: decimal("370").div(&kwh),
            price: decimal("2.5").div(&Exact::from(3600u64)),
            origin: None,
        };
        // An hour of work: 350 W × 1.2 are 0.42 kWh.
        let flops = decimal("3.6e15");
        assert_eq!(here.time(&flops).unwrap(), Exact::from(3600u64));
        assert_eq!(here.energy(&flops).unwrap(), decimal("0.42").mul(&kwh));
        assert_eq!(here.carbon(&flops).unwrap(), decimal("155.4"));
        assert_eq!(here.price(&flops).unwrap(), decimal("2.5"));
        let bare = Hardware { power: None, ..here };
        assert_eq!(bare.energy(&flops), None);
    }
}
