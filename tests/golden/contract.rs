//! The contract's own description: its services, methods and messages.

use profitscore::api::DESCRIPTORS;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use std::sync::LazyLock;

/// The contract.
pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());

/// A message of the contract.
pub fn message(name: &str) -> MessageDescriptor {
    let name = format!("profitscore.v1.{name}");
    let found = POOL.get_message_by_name(&name);
    found.unwrap_or_else(|| panic!("the contract has no message {name}"))
}

/// A method by the name of its service and its own: `RankingService.RankCustomers`.
pub fn method(name: &str) -> MethodDescriptor {
    methods()
        .find(|method| name_of(method) == name)
        .unwrap_or_else(|| panic!("the contract has no method {name}"))
}

/// All methods of the project's services.
pub fn methods() -> impl Iterator<Item = MethodDescriptor> {
    let services = POOL.services();
    let own = services.filter(|service| service.package_name() == "profitscore.v1");
    own.flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// The name of a method with that of its service.
pub fn name_of(method: &MethodDescriptor) -> String {
    format!("{}.{}", method.parent_service().name(), method.name())
}
