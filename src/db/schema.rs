//! The tables, as `migrations/` makes them; both databases have the same.
//! A test compares this with a migrated database.

diesel::table! {
    installation (id) {
        id -> Text,
        folder -> Nullable<Text>,
        signing_key -> Nullable<Text>,
        beats -> BigInt,
    }
}

diesel::table! {
    accounts (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Nullable<Text>,
        time_zone -> Text,
        exports_included -> Bool,
        exports_on -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        account_id -> BigInt,
        name -> Text,
        email -> Nullable<Text>,
        is_bot -> Bool,
        is_admin -> Bool,
        password_hash -> Nullable<Text>,
        deactivated_at -> Nullable<BigInt>,
        deactivation -> Nullable<BigInt>,
        created_at -> BigInt,
        search_key -> Text,
    }
}

diesel::table! {
    access_grants (account_id, user_id) {
        account_id -> BigInt,
        user_id -> BigInt,
        granted_at -> BigInt,
        granted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    capture_periods (id) {
        id -> BigInt,
        account_id -> BigInt,
        on_at -> BigInt,
        on_by -> Nullable<BigInt>,
        off_at -> Nullable<BigInt>,
        off_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (key_hash) {
        key_hash -> Text,
        user_id -> BigInt,
        state -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (id) {
        id -> BigInt,
        email -> Text,
        address -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    audit_events (account_id, number) {
        account_id -> BigInt,
        number -> BigInt,
        at -> BigInt,
        actor -> Text,
        actor_id -> Nullable<BigInt>,
        action -> Text,
        details -> Text,
    }
}

diesel::table! {
    audit_heads (account_id) {
        account_id -> BigInt,
        number -> BigInt,
    }
}

diesel::table! {
    sources (id) {
        id -> BigInt,
        account_id -> BigInt,
        kind -> Text,
        name -> Text,
        name_key -> Text,
        recording -> BigInt,
    }
}

diesel::table! {
    source_accounts (source_id, external_id) {
        source_id -> BigInt,
        external_id -> Text,
        account_id -> BigInt,
    }
}

diesel::table! {
    source_users (source_id, external_id) {
        source_id -> BigInt,
        external_id -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    conversations (id) {
        id -> BigInt,
        source_id -> BigInt,
        external_id -> Text,
        kind -> Text,
        name -> Nullable<Text>,
        is_public -> Bool,
        owner_account_id -> BigInt,
        starter_id -> Nullable<BigInt>,
        created_at -> Nullable<BigInt>,
        archived_at -> Nullable<BigInt>,
        recording -> BigInt,
        search_key -> Nullable<Text>,
    }
}

diesel::table! {
    user_versions (id) {
        id -> BigInt,
        user_id -> BigInt,
        source_id -> BigInt,
        until -> BigInt,
        name -> Text,
        email -> Nullable<Text>,
        is_bot -> Bool,
    }
}

diesel::table! {
    conversation_versions (conversation_id, until) {
        conversation_id -> BigInt,
        until -> BigInt,
        name -> Nullable<Text>,
        is_public -> Bool,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    conversation_accounts (account_id, conversation_id) {
        account_id -> BigInt,
        conversation_id -> BigInt,
    }
}

diesel::table! {
    membership_events (id) {
        id -> BigInt,
        conversation_id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        at -> Nullable<BigInt>,
        recording -> BigInt,
    }
}

diesel::table! {
    items (id) {
        id -> BigInt,
        conversation_id -> BigInt,
        external_id -> Text,
        kind -> Text,
        author_id -> Nullable<BigInt>,
        created_at -> BigInt,
        parent -> Nullable<Text>,
        title -> Nullable<Text>,
        text -> Nullable<Text>,
        details -> Nullable<Text>,
        attachments -> Nullable<Text>,
        deleted_at -> Nullable<BigInt>,
        deleted_by -> Nullable<BigInt>,
        deletion_recording -> Nullable<BigInt>,
        recording -> BigInt,
        size -> BigInt,
        check_sum -> BigInt,
        deletion_check_sum -> Nullable<BigInt>,
    }
}

diesel::table! {
    item_edits (id) {
        id -> BigInt,
        item_id -> BigInt,
        edited_at -> BigInt,
        editor_id -> Nullable<BigInt>,
        title -> Nullable<Text>,
        text -> Nullable<Text>,
        details -> Nullable<Text>,
        recording -> BigInt,
        conversation_id -> BigInt,
        item_created_at -> BigInt,
        check_sum -> BigInt,
    }
}

diesel::table! {
    item_deletions (conversation_id, external_id) {
        conversation_id -> BigInt,
        external_id -> Text,
        deleted_at -> BigInt,
        deleted_by -> Nullable<BigInt>,
        recording -> BigInt,
        erased -> Nullable<BigInt>,
        item_created_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    item_counts (conversation_id, period) {
        conversation_id -> BigInt,
        period -> BigInt,
        items -> BigInt,
        edits -> BigInt,
        instants -> BigInt,
    }
}

diesel::table! {
    conversation_counts (source_id, account_id) {
        source_id -> BigInt,
        account_id -> BigInt,
        conversations -> BigInt,
    }
}

diesel::table! {
    export_requests (id) {
        id -> BigInt,
        account_id -> BigInt,
        requester_id -> BigInt,
        form_key -> Text,
        first_day -> Text,
        last_day -> Text,
        time_zone -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        attempts -> Integer,
        requested_at -> BigInt,
        started_at -> Nullable<BigInt>,
        cut_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        erased_at -> Nullable<BigInt>,
        items_total -> Nullable<BigInt>,
        items_done -> BigInt,
        lease_key -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        not_before -> BigInt,
        evidence -> Nullable<Text>,
        planned_at -> Nullable<BigInt>,
        part_entries -> Nullable<BigInt>,
        part_bytes -> Nullable<BigInt>,
        formats -> Text,
        deleted_at -> Nullable<BigInt>,
        deleted_by -> Nullable<BigInt>,
        filters -> Nullable<Text>,
    }
}

diesel::table! {
    export_cuts (request_id, source_id) {
        request_id -> BigInt,
        source_id -> BigInt,
        recording -> BigInt,
    }
}

diesel::table! {
    participants (user_id, conversation_id) {
        user_id -> BigInt,
        conversation_id -> BigInt,
        recording -> BigInt,
    }
}

diesel::table! {
    part_jobs (request_id, number) {
        request_id -> BigInt,
        number -> Integer,
        items_total -> BigInt,
        items_done -> BigInt,
        attempts -> Integer,
        not_before -> BigInt,
        lease_key -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        built_at -> Nullable<BigInt>,
        storage_key -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        sums_sha256 -> Nullable<Text>,
    }
}

diesel::table! {
    part_job_counts (request_id, number) {
        request_id -> BigInt,
        number -> Integer,
        planned -> Text,
        written -> Nullable<Text>,
        kinds -> Nullable<Text>,
    }
}

diesel::table! {
    export_parts (request_id, number) {
        request_id -> BigInt,
        number -> Integer,
        file_name -> Text,
        storage_key -> Text,
        size -> BigInt,
        sha256 -> Text,
    }
}

diesel::table! {
    export_summaries (request_id) {
        request_id -> BigInt,
        conversations -> BigInt,
        by_kind -> Text,
        by_day -> Text,
    }
}

diesel::table! {
    export_conversations (request_id, page) {
        request_id -> BigInt,
        page -> Integer,
        counts -> Text,
    }
}

diesel::table! {
    export_downloads (id) {
        id -> BigInt,
        request_id -> BigInt,
        part_number -> Integer,
        way -> Text,
        user_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    mails (id) {
        id -> BigInt,
        request_id -> BigInt,
        recipient_id -> BigInt,
        event -> Text,
        reason -> Nullable<Text>,
        created_at -> BigInt,
        attempts -> Integer,
        not_before -> BigInt,
        lease_key -> Nullable<Text>,
        sent_at -> Nullable<BigInt>,
        given_up_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        trouble -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    users,
    access_grants,
    capture_periods,
    sessions,
    sign_in_failures,
    audit_events,
    audit_heads,
    sources,
    source_accounts,
    source_users,
    conversations,
    conversation_accounts,
    membership_events,
    items,
    item_edits,
    item_deletions,
    item_counts,
    conversation_counts,
    user_versions,
    conversation_versions,
    export_requests,
    export_cuts,
    part_jobs,
    part_job_counts,
    export_parts,
    export_summaries,
    export_conversations,
    export_downloads,
    participants,
    mails
);

diesel::joinable!(access_grants -> users (user_id));
diesel::joinable!(conversation_accounts -> conversations (conversation_id));
diesel::joinable!(source_users -> users (user_id));
diesel::joinable!(item_edits -> items (item_id));
diesel::joinable!(membership_events -> users (user_id));
diesel::joinable!(part_jobs -> export_requests (request_id));
diesel::joinable!(export_requests -> users (requester_id));
diesel::joinable!(export_downloads -> users (user_id));
diesel::joinable!(mails -> users (recipient_id));
diesel::joinable!(users -> accounts (account_id));
