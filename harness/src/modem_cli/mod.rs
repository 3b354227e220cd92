//! modem_cli
