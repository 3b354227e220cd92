//! A virtual board in desk mode is a board on a desk, for our own tools and for others'.

mod debugger;
mod scenarios;
mod served;
mod test_target;
