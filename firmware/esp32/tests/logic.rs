//! The application's pure logic on the 32-bit target, in one image, one test after the other: the
//! vectors are those of the host's tests.
#![no_std]
#![no_main]

mod support;
#[path = "../../app/tests/vectors/mod.rs"]
mod vectors;

#[defmt_test::tests]
mod tests {
    use crate::support;
    use crate::vectors::{at_codec, at_values, settings, telemetry};

    #[init]
    fn init() {
        let _ = support::chip();
    }

    #[test]
    fn at_codec_a_reply_with_echo_off() {
        at_codec::a_reply_with_echo_off();
    }

    #[test]
    fn at_codec_a_reply_with_echo_on() {
        at_codec::a_reply_with_echo_on();
    }

    #[test]
    fn at_codec_an_echo_of_the_password_alone() {
        at_codec::an_echo_of_the_password_alone();
    }

    #[test]
    fn at_codec_a_space_behind_the_colon_or_none() {
        at_codec::a_space_behind_the_colon_or_none();
    }

    #[test]
    fn at_codec_cr_alone_lf_alone_or_both() {
        at_codec::cr_alone_lf_alone_or_both();
    }

    #[test]
    fn at_codec_every_error_code_has_its_name() {
        at_codec::every_error_code_has_its_name();
    }

    #[test]
    fn at_codec_the_handshake() {
        at_codec::the_handshake();
    }

    #[test]
    fn at_codec_a_banner_needs_no_line_end() {
        at_codec::a_banner_needs_no_line_end();
    }

    #[test]
    fn at_codec_a_configured_banner_is_found() {
        at_codec::a_configured_banner_is_found();
    }

    #[test]
    fn at_codec_a_known_text_inside_a_value_is_a_value() {
        at_codec::a_known_text_inside_a_value_is_a_value();
    }

    #[test]
    fn at_codec_a_banner_that_cuts_a_reply_off_is_found() {
        at_codec::a_banner_that_cuts_a_reply_off_is_found();
    }

    #[test]
    fn at_codec_a_line_over_capacity_is_cut_and_the_next_one_is_whole() {
        at_codec::a_line_over_capacity_is_cut_and_the_next_one_is_whole();
    }

    #[test]
    fn at_codec_a_banner_behind_a_flood_is_found() {
        at_codec::a_banner_behind_a_flood_is_found();
    }

    #[test]
    fn at_codec_nul_bytes_vanish() {
        at_codec::nul_bytes_vanish();
    }

    #[test]
    fn at_values_fields_know_quotes_and_spaces() {
        at_values::fields_know_quotes_and_spaces();
    }

    #[test]
    fn at_values_signal_strength() {
        at_values::signal_strength();
    }

    #[test]
    fn at_values_both_dialects_of_sysinfo() {
        at_values::both_dialects_of_sysinfo();
    }

    #[test]
    fn at_values_link_state_in_all_spellings() {
        at_values::link_state_in_all_spellings();
    }

    #[test]
    fn at_values_access_point() {
        at_values::access_point();
    }

    #[test]
    fn at_values_network_time() {
        at_values::network_time();
    }

    #[test]
    fn settings_the_partition_means_the_same_everywhere() {
        settings::the_partition_means_the_same_everywhere();
    }

    #[test]
    fn settings_each_damage_has_its_own_error() {
        settings::each_damage_has_its_own_error();
    }

    #[test]
    fn telemetry_what_is_unknown_is_null() {
        telemetry::what_is_unknown_is_null();
    }

    #[test]
    fn telemetry_a_full_sample() {
        telemetry::a_full_sample();
    }

    #[test]
    fn telemetry_the_longest_sample_fits() {
        telemetry::the_longest_sample_fits();
    }

    #[test]
    fn telemetry_a_status_and_a_will() {
        telemetry::a_status_and_a_will();
    }

    #[test]
    fn telemetry_samples_leave_the_queue_in_order() {
        telemetry::samples_leave_the_queue_in_order();
    }

    #[test]
    fn telemetry_a_full_queue_drops_the_oldest_and_counts() {
        telemetry::a_full_queue_drops_the_oldest_and_counts();
    }
}
