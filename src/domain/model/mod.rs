//! Models: what the best customers have in common, and what a prospect is worth. Floating point lives here and nowhere
//! else in the domain.
