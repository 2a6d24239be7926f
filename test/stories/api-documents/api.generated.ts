// Made from docs/openapi.json by npm run docs:generate.
export interface paths {
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs. */
        get: operations["Health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether it can serve: 503 while the database is away or a disk is full, and from the moment it began to end. Without Redis, or
         *     without one of the processes that share its port, it can, and is `degraded`: were it not ready, one hiccup would take every
         *     process away at once.
         */
        get: operations["Health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what moderators, administrators and operators did, the newest first. */
        get: operations["Audit_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All of a selection as a file: CSV with a line of names, or one JSON object a line. The newest first. */
        get: operations["Audit_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attachments/tus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins an upload that may come in several requests. Where it goes on is in `Location`, which ends with the attachment's id. */
        post: operations["Tus_begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attachments/tus/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far an upload is; with HEAD in the headers alone, as tus has it. Once it is complete: the attachment. */
        get: operations["Tus_progress"];
        put?: never;
        post?: never;
        /** Ends an upload, and removes what came of it. A complete one may be ended until something uses it. */
        delete: operations["Tus_terminate"];
        options?: never;
        head?: never;
        /** Brings the next bytes. With the last ones the file is an attachment, and the answer waits until it is. */
        patch: operations["Tus_append"];
        trace?: never;
    };
    "/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uploads one file, to be named in `attachmentIds` of one message within a day; or, with `posterFor`, the poster of a film,
         *     which is answered then.
         */
        post: operations["Attachments_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attachments/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where the files are kept in S3: a URL to put one file at, past this server. To be confirmed afterwards. */
        post: operations["Attachments_announce"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attachments/uploads/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The bytes are there: from here on it is as if they had been uploaded to this server. */
        post: operations["Attachments_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attachments/{id}/{variant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file, by the signed URL that its message gives. Ranges, conditions and HEAD are supported. */
        get: operations["AttachmentFiles_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/avatars/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Somebody's picture, at most 320 pixels wide and high. */
        get: operations["AttachmentFiles_avatar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own profile. */
        get: operations["Users_own"];
        put?: never;
        post?: never;
        /** Deletes the caller's account, for good. Its messages stay, under the name of nobody. */
        delete: operations["Account_delete"];
        options?: never;
        head?: never;
        /** Changes the caller's own profile. */
        patch: operations["Users_update"];
        trace?: never;
    };
    "/users/me/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller's files take, and may take. */
        get: operations["Users_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Finds other users by how their username or display name begins, in the order of usernames; before all of them the one whose
         *     username is exactly that.
         */
        get: operations["Users_search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One user's profile; 404 also of somebody who blocked the caller. */
        get: operations["Users_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that is stored of the caller, as one JSON file. */
        get: operations["Account_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes an account and logs it in. Where e-mail addresses have to be verified it mails a code instead, and there is an account
         *     once that comes back; until then the registration is nobody's to see and keeps neither e-mail address nor username from others.
         */
        post: operations["Auth_register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/verify-otp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes the account that a code was mailed for, and logs it in. A code works once; five wrong guesses burn it. Other
         *     registrations for the same e-mail address are gone then.
         */
        post: operations["Auth_verifyOtp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/resend-otp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mails a new code, if somebody registered with this e-mail address from there and is not verified yet. Answers the same in any case. */
        post: operations["Auth_resendOtp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a session by e-mail address or username, and password. */
        post: operations["Auth_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Spends a refresh token, from the body or the cookie, for a new pair; a repeat within 10 s is given the same one, and
         *     with its `attemptId` also later, until that is spent.
         */
        post: operations["Auth_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends the caller's session: its tokens are worthless and its sockets disconnected at once. A browser whose access
         *     token has expired is known by its refresh cookie.
         */
        post: operations["Auth_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The same for all sessions of the caller. */
        post: operations["Auth_logoutAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/forgot-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mails a code for a new password, if there is such an account. Answers the same in any case. */
        post: operations["Auth_forgotPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets a new password by the code that was mailed, and ends all sessions. */
        post: operations["Auth_resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets a new password by the present one, and ends the caller's other sessions. */
        post: operations["Auth_changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's devices, the last used first. */
        get: operations["Auth_listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends one of them: its tokens are worthless and its sockets disconnected at once. */
        delete: operations["Auth_revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that there are, the newest first. */
        get: operations["ApiKeys_list"];
        put?: never;
        /** Makes a key by which a program calls. The secret is in this answer and nowhere else. */
        post: operations["ApiKeys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a key: at once it is worth nothing, and the connections that it opened end. */
        delete: operations["ApiKeys_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the caller's requests, newest first. */
        get: operations["Friends_listRequests"];
        put?: never;
        /** Asks a user to be friends; accepts, where that user has asked already. */
        post: operations["Friends_send"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends/requests/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accepts a request that the caller received, and opens the direct conversation. */
        post: operations["Friends_accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends/requests/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rejects a request that the caller received. */
        post: operations["Friends_reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Withdraws a request that the caller sent. */
        delete: operations["Friends_cancel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the caller's friends, the newest friendship first. */
        get: operations["Friends_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/friends/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a friendship. */
        delete: operations["Friends_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists whom the caller blocks, the newest block first. */
        get: operations["Blocks_list"];
        put?: never;
        /** Blocks a user; ends the friendship and withdraws pending requests. Again: changes nothing. */
        post: operations["Blocks_block"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/blocks/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a block back; a friendship that it ended does not return. */
        delete: operations["Blocks_unblock"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's conversations, newest activity first. */
        get: operations["Conversations_list"];
        put?: never;
        /** Opens the direct conversation with a user (201, or 200 with the one that exists), or creates a group (201). */
        post: operations["Conversations_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One conversation. */
        get: operations["Conversations_view"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes a group's title, picture or history setting (owner and admins). */
        patch: operations["Conversations_update"];
        trace?: never;
    };
    "/conversations/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The members, those of longest standing first. */
        get: operations["Conversations_members"];
        put?: never;
        /** Adds members to a group (owner and admins); those who are members already are passed over. */
        post: operations["Conversations_addMembers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a member from a group. */
        delete: operations["Conversations_removeMember"];
        options?: never;
        head?: never;
        /** Changes a member's role (owner only). */
        patch: operations["Conversations_updateMember"];
        trace?: never;
    };
    "/conversations/{id}/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Leaves a group. An owner who leaves hands it to the admin, else the member, of longest standing. */
        post: operations["Conversations_leave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** The caller's own settings: mute, archive, pin. */
        patch: operations["Conversations_updateOwnMembership"];
        trace?: never;
    };
    "/conversations/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves the caller's read cursor forward. */
        post: operations["Conversations_markRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Members' read and delivered cursors, in the order of the members. Of a group of up to 100, one page is all of them. */
        get: operations["Conversations_receipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of a conversation's history, ascending; without a position the newest one. */
        get: operations["Messages_history"];
        put?: never;
        /** Sends a message. A repeat with the same `clientId` answers the message that is stored already. */
        post: operations["Messages_send"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches the caller's conversations, newest message first. */
        get: operations["Messages_search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One message. */
        get: operations["Messages_view"];
        put?: never;
        post?: never;
        /** Deletes a message for everyone (one's own, or as a group's owner or admin), or for the caller alone. */
        delete: operations["Messages_remove"];
        options?: never;
        head?: never;
        /** Edits one's own message, within 15 minutes. */
        patch: operations["Messages_edit"];
        trace?: never;
    };
    "/attachments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One attachment, with fresh URLs: of a message that the caller may read, or its own that nothing uses yet. */
        get: operations["Messages_attachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}/link-preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes the preview of the link in one's own message away, for good. */
        delete: operations["Messages_removeLinkPreview"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}/reactions/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Reacts to a message. */
        put: operations["Messages_react"];
        post?: never;
        /** Takes a reaction back. */
        delete: operations["Messages_withdrawReaction"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that changed for the caller since the cursor; without one, its conversations and a cursor for what follows. */
        get: operations["Sync_sync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists accounts by username, or searches them; deleted ones are left out. */
        get: operations["Accounts_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account, with its sessions and how much else belongs to it. */
        get: operations["Accounts_get"];
        put?: never;
        post?: never;
        /** Deletes an account, for good. Its messages stay, under the name of nobody; keys that it made are revoked. */
        delete: operations["Accounts_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Suspends an account: its sessions and connections end at once, on every process, and every door answers `ACCOUNT_SUSPENDED`
         *     until then. The reason is shown to whom it is about.
         */
        post: operations["Accounts_suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/ban": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The same without an end. */
        post: operations["Accounts_ban"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts a suspension or a ban. Where there is none, nothing changes. */
        post: operations["Accounts_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/end-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends all sessions of an account, its connections with them. It may log in again. */
        post: operations["Accounts_endSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a code by which its owner sets a new password (`POST /auth/reset-password`), to be handed over by other means: it is in
         *     this answer and nowhere else. Nothing changes until it is used. No wrong guess burns it, and none is mailed while it is good.
         */
        post: operations["Accounts_resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that is stored of an account, as one JSON file, as its owner may have it by `GET /users/me/export`. */
        get: operations["Accounts_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives an account a role of the server, or takes it away (`USER`). Nobody changes its own. */
        put: operations["Accounts_grantRole"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Empties a message for everybody, whoever wrote it and wherever. Its members see it like any deletion; the reason is for the audit log. */
        delete: operations["AdminMessages_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists reports: those that are open with the oldest first, all others with the newest first. None that is about the caller. */
        get: operations["AdminReports_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/reports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One report, with the copy of what it is about. The audit log has who read it, once an hour. */
        get: operations["AdminReports_whole"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/reports/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides a report. What acts settles all open reports of the same, a dismissal this one alone. */
        post: operations["AdminReports_resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/reports/{id}/attachments/{attachmentId}/{variant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A file of a message that the report's copy holds, for as long as the copy is kept and whatever became of the message. Ranges,
         *     conditions and HEAD are supported.
         */
        get: operations["ReportFiles_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reports a message, a user or a conversation to the server's moderators, who see it with a copy of what the reporter sees now.
         *     The one reported learns nothing of it. Again, while the first is open: 200 with that one.
         */
        post: operations["Reports_report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/end-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs everybody out, the caller too; connections that are open end within some seconds. */
        post: operations["ServerActs_endSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/vacuum": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets what is due, and has PostgreSQL clean up behind it: the tables in the answer, one after the other, behind the answer. */
        post: operations["ServerActs_vacuum"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/after-restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * After a backup was restored in a way that the server cannot notice, a copy of the database's files: every client starts over,
         *     and what was written before rings on no device and is sent to no webhook.
         */
        post: operations["ServerActs_afterRestore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts what there is. */
        get: operations["Stats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/{deviceId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Registers a device for push, or registers it anew: at each start of the app, whether or not anything changed. It belongs
         *     to the caller's session and goes with it; a token that another user had moves here. Of more than 25 the one that was
         *     registered longest ago goes.
         */
        put: operations["Devices_register"];
        post?: never;
        /** Ends push to one of them. */
        delete: operations["Devices_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's devices, of all its sessions, the newest first. */
        get: operations["Devices_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/{deviceId}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was decided for one of them in the last 24 hours, the newest first: why it rang, or did not. */
        get: operations["Devices_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/push/web-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's public key, which browsers subscribe with. Made once and kept: another one would end every subscription. */
        get: operations["WebKey_webKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/bots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bots that there are, the newest first. */
        get: operations["Bots_list"];
        put?: never;
        /** Makes a user that cannot log in. API keys act as it: its id goes into `X-Act-As`. */
        post: operations["Bots_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The webhooks that there are, the newest first. */
        get: operations["Webhooks_list"];
        put?: never;
        /** Makes a webhook. The secret that receivers verify with is in this answer and nowhere else. */
        post: operations["Webhooks_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a webhook, with what waits for it and what was sent. */
        delete: operations["Webhooks_remove"];
        options?: never;
        head?: never;
        /** Changes where a webhook leads or what it is sent, disables it, or enables it again. */
        patch: operations["Webhooks_update"];
        trace?: never;
    };
    "/admin/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a webhook another secret, which is in this answer and nowhere else. For 24 hours what is sent carries a signature by the
         *     former one too, so that no delivery fails while the receiver changes over.
         */
        post: operations["Webhooks_rotateSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a `webhook.test` at once, once, and answers how it went. */
        post: operations["Webhooks_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent in the last 14 days, or is to be, the newest first. */
        get: operations["Webhooks_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/webhooks/{id}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends one of them again, under the same `webhook-id`. */
        post: operations["Webhooks_redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/conversations/{id}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long a conversation keeps its messages. */
        get: operations["Retention_view"];
        /** Sets it. What is older goes soon, and does not come back. */
        put: operations["Retention_set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/my-chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's messages with everybody, newest first. */
        get: operations["DirectEvents_mine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/history/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's messages with one other user: the newest page but `skip` messages, oldest first. */
        get: operations["DirectEvents_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody the caller writes with, the last active first. */
        get: operations["DirectEvents_conversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chats/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes a message of the caller's own for both. */
        delete: operations["DirectEvents_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/msg/room": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's rooms, the last active first, and a token to open WebSockets with. */
        get: operations["WsRooms_rooms[0]"];
        put?: never;
        /** Finds or creates the room with another user: 201 where it is new. */
        post: operations["WsRooms_open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/msg/rooms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's rooms, the last active first, and a token to open WebSockets with. */
        get: operations["WsRooms_rooms[1]"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/msg/room/{roomId}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was written in a room, oldest first: the newest 100 without `before`. */
        get: operations["WsRooms_messages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user who is logged in. */
        get: operations["WsRoomsProfile_profile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        LivenessView: {
            /** @example ok */
            status: string;
        };
        ReadinessChecksView: {
            /** @enum {string} */
            database: "up" | "down";
            /**
             * @description `full`: nothing new is stored, until there is space again.
             * @enum {string}
             */
            disk: "ok" | "full";
            /**
             * @description Only where several processes are one server. `down`: what others do arrives later, by way of the database.
             * @enum {string}
             */
            redis?: "up" | "down";
            /**
             * @description Only where several processes share a port. `down`: one of them is missing, or does not reach the others.
             * @enum {string}
             */
            workers?: "up" | "down";
            /**
             * @description Only while this process counts by itself what several should count together.
             * @enum {string}
             */
            limits?: "down";
        };
        ReadinessView: {
            /** @enum {string} */
            status: "ok" | "degraded" | "error";
            checks: components["schemas"]["ReadinessChecksView"];
        };
        /**
         * @description A stable word to switch on.
         * @enum {string}
         */
        ErrorCode: "VALIDATION_FAILED" | "MALFORMED_JSON" | "PAYLOAD_TOO_LARGE" | "HEADERS_TOO_LARGE" | "REQUEST_TIMEOUT" | "RANGE_NOT_SATISFIABLE" | "UNSUPPORTED_MEDIA" | "IMAGE_TOO_LARGE" | "QUOTA_EXCEEDED" | "INFECTED" | "UNAUTHORIZED" | "TOKEN_EXPIRED" | "INVALID_CREDENTIALS" | "REFRESH_TOKEN_INVALID" | "REFRESH_TOKEN_REUSED" | "OTP_INVALID" | "OTP_EXPIRED" | "ACCOUNT_SUSPENDED" | "EMAIL_NOT_VERIFIED" | "FOREIGN_ORIGIN" | "LIMIT_REACHED" | "FORBIDDEN" | "CANNOT_MESSAGE" | "EDIT_WINDOW_CLOSED" | "NOT_FOUND" | "EMAIL_TAKEN" | "USERNAME_TAKEN" | "REQUEST_EXISTS" | "ALREADY_FRIENDS" | "REQUEST_NOT_PENDING" | "CANNOT_BEFRIEND_SELF" | "CANNOT_BLOCK_SELF" | "CANNOT_MESSAGE_SELF" | "NOT_A_GROUP" | "GROUP_FULL" | "ALREADY_MEMBER" | "MESSAGE_DELETED" | "TOO_MANY_REACTIONS" | "CANNOT_REPORT_SELF" | "REPORT_RESOLVED" | "UNKNOWN_EVENT" | "URL_EXPIRED" | "UPLOADS_NOT_PRESIGNED" | "UPLOAD_INCOMPLETE" | "UPLOAD_EXPIRED" | "UPLOAD_OFFSET_MISMATCH" | "UPLOAD_LOCKED" | "TUS_VERSION_UNSUPPORTED" | "UNKNOWN_DIALECT" | "MALFORMED_FRAME" | "RATE_LIMITED" | "TOO_MANY_CONNECTIONS" | "OVERLOADED" | "UNAVAILABLE" | "INTERNAL_ERROR";
        ProblemView: {
            /** @description A stable word to switch on. */
            code: components["schemas"]["ErrorCode"];
            /**
             * @description Which fields are wrong and how; with `VALIDATION_FAILED`.
             * @example {
             *       "email": [
             *         "email must be an email"
             *       ]
             *     }
             */
            errors?: {
                [key: string]: string[];
            };
            /**
             * @description Where the code is explained.
             * @example /docs/errors#NOT_FOUND
             */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description The same as `detail`. */
            message: string;
            /**
             * Format: uuid
             * @description Names this request in the server's log.
             */
            requestId: string;
            /** @description Milliseconds after which the same may succeed; with `Retry-After`, which has whole seconds. */
            retryAfterMs?: number;
            /** @description With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
            until?: string | null;
            /** @description With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
            reason?: string | null;
        };
        AuditEntryView: {
            /** @description What else there is to say: the end of a suspension, the role that was granted. */
            details: {
                [key: string]: unknown;
            } | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            at: string;
            /**
             * Format: uuid
             * @description Who did it; null for an operator at the server's machine.
             */
            actorId: string | null;
            /** @example user.suspend */
            action: string;
            /** @example user */
            targetType: string;
            /** Format: uuid */
            targetId: string | null;
            /** @description In the actor's words. */
            reason: string | null;
            /** @description The actor's IP address. */
            ip: string | null;
        };
        /** @enum {string} */
        AttachmentKind: "IMAGE" | "VIDEO" | "AUDIO" | "FILE";
        AttachmentView: {
            kind: components["schemas"]["AttachmentKind"];
            /** @description Loudness over time, from 0 to 100; of sounds, null where unknown. */
            waveform: number[] | null;
            /**
             * Format: uuid
             * @description Null where it is external.
             */
            id: string | null;
            /** @description True for a file that its sender keeps elsewhere: the server has never seen it, all of this is the sender's word. */
            external: boolean;
            /**
             * @description By its content; null where it is external.
             * @example image/jpeg
             */
            mimeType: string | null;
            /** @description Bytes. */
            size: number | null;
            /** @example beach.jpg */
            name: string | null;
            /** @description Pixels, as it is shown; of images and films, null where unknown. */
            width: number | null;
            height: number | null;
            /** @description Of films and sounds; null where unknown. */
            durationMs: number | null;
            /** @description A voice message: a sound that its sender recorded to be listened to as one. */
            voice: boolean;
            /** @description An image that moves, and its thumbnail and preview with it. */
            animated: boolean;
            /** @description What to show until the image or the poster is there (blurha.sh). */
            blurhash: string | null;
            /** @description WebP, at most 320 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
            thumbnailUrl: string | null;
            /** @description WebP, at most 1280 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
            previewUrl: string | null;
            /**
             * @description A path on this server that needs no token, signed, good for some hours: reading the message again gives a fresh one.
             *     An external file's is its own https URL.
             * @example /attachments/0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11/original?expires=1795305600&signature=…
             */
            url: string;
        };
        UploadProgressView: {
            /** @description Bytes that the server has. All of them only once the file is an attachment. */
            offset: number;
            /** @description Bytes that were announced. */
            size: number;
            /** @description Null until it is complete. */
            attachment: components["schemas"]["AttachmentView"] | null;
            /**
             * Format: uuid
             * @description The attachment's id, once it is one.
             */
            id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC; null once it is complete.
             */
            expiresAt: string | null;
        };
        UploadForm: {
            /** Format: binary */
            file: string;
            /** @description Its loudness over time: 64 whole numbers from 0 to 100, with commas between them, in brackets or without. */
            waveform?: string;
            /**
             * Format: uuid
             * @description The id of an own film that no message uses yet: the file is an image, and becomes that film's poster.
             */
            posterFor?: string;
            /** @description A sound that was recorded to be listened to as a message. */
            voice?: boolean;
        };
        AnnounceUpload: {
            /** @example beach.jpg */
            name: string;
            /** @description Bytes, exactly. */
            size: number;
            /**
             * @description What the store is given; the server looks for itself.
             * @example image/jpeg
             */
            mimeType?: string;
            /** @description A sound that was recorded to be listened to as a message. */
            voice?: boolean | null;
            /** @description Its loudness over time: 64 numbers from 0 to 100. */
            waveform?: number[] | null;
        };
        PresignedUploadView: {
            /** @description To be sent with the bytes, exactly as they are. */
            headers: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @description The attachment's id.
             */
            id: string;
            /** @example PUT */
            method: string;
            /** @description A URL of the store. */
            url: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            expiresAt: string;
        };
        OwnUserView: {
            /**
             * @description Null for users that came from a trusted issuer without an e-mail address.
             * @example ada@example.com
             */
            email: string | null;
            /**
             * Format: uuid
             * @example 0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11
             */
            id: string;
            /** @example ada */
            username: string;
            /** @example Ada Lovelace */
            displayName: string;
            avatarUrl: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             * @example 2026-11-20T09:30:00.000Z
             */
            createdAt: string;
            /** @description Whether the user has a live connection; only for those whom its presence is shown to. */
            isOnline?: boolean;
            /**
             * Format: date-time
             * @description When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to.
             */
            lastSeenAt?: string | null;
        };
        UsageView: {
            /** @description As they are served; the small pictures that the server makes beside them do not count. */
            bytes: number;
            /** @description Files. */
            count: number;
            /** @description Bytes that they may take; null where there is no quota. */
            quotaBytes: number | null;
        };
        UpdateProfile: {
            /** @example ada */
            username?: string;
            /**
             * Format: uuid
             * @description An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`.
             */
            avatarId?: string;
            /**
             * @description One line of 1 to 64 characters.
             * @example Ada Lovelace
             */
            displayName?: string;
            /**
             * Format: uri
             * @description An https URL, or null for none.
             * @example https://example.com/ada.png
             */
            avatarUrl?: string | null;
        };
        UserView: {
            /**
             * Format: uuid
             * @example 0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11
             */
            id: string;
            /** @example ada */
            username: string;
            /** @example Ada Lovelace */
            displayName: string;
            avatarUrl: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             * @example 2026-11-20T09:30:00.000Z
             */
            createdAt: string;
            /** @description Whether the user has a live connection; only for those whom its presence is shown to. */
            isOnline?: boolean;
            /**
             * Format: date-time
             * @description When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to.
             */
            lastSeenAt?: string | null;
            /**
             * @description Only for oneself: null for users that came from a trusted issuer without an e-mail address.
             * @example ada@example.com
             */
            email?: string | null;
        };
        DeleteAccount: {
            /**
             * @description Checked where it is given: for apps that ask again before something that cannot be undone. Null is refused, or an app
             *     that failed to ask would delete without it.
             */
            password?: string;
        };
        RegistrationView: {
            user: components["schemas"]["OwnUserView"];
            /** @description A JWT for `Authorization: Bearer`. */
            accessToken: string;
            /**
             * @description Opaque; good for one refresh.
             * @example yZ0o0w7VbA3m0nYJ3l0tqP1o9m7h0bqzqT1cJ8c3s4E
             */
            refreshToken: string;
            /**
             * @description For how long the access token is good, in seconds.
             * @example 900
             */
            expiresIn: number;
        };
        VerificationView: {
            /** @example true */
            required: boolean;
            /**
             * Format: date-time
             * @description When the code ends: ISO 8601, UTC.
             */
            expiresAt: string;
        };
        PendingRegistrationView: {
            user: components["schemas"]["OwnUserView"];
            verification: components["schemas"]["VerificationView"];
        };
        Registration: {
            /**
             * @description Derived from the e-mail address where there is none.
             * @example ada
             */
            username?: string;
            /**
             * @description Shown in the list of sessions.
             * @example Phone of Ada
             */
            deviceName?: string;
            /**
             * @description Taken in any case.
             * @example ada@example.com
             */
            email: string;
            /**
             * @description 8 to 128 characters.
             * @example correct horse battery
             */
            password: string;
            /**
             * @description One line of 1 to 64 characters; the username where there is none.
             * @example Ada Lovelace
             */
            displayName?: string;
        };
        VerifyCode: {
            /**
             * @description Shown in the list of sessions.
             * @example Phone of Ada
             */
            deviceName?: string;
            /** @example 042817 */
            otp: string;
            /**
             * @description Older clients say here for what they verify. Accepted, and not looked at.
             * @example signup
             */
            verifyingFor?: string;
            /**
             * @description Taken in any case.
             * @example ada@example.com
             */
            email: string;
        };
        TokensView: {
            /** @description A JWT for `Authorization: Bearer`. */
            accessToken: string;
            /**
             * @description Opaque; good for one refresh.
             * @example yZ0o0w7VbA3m0nYJ3l0tqP1o9m7h0bqzqT1cJ8c3s4E
             */
            refreshToken: string;
            /**
             * @description For how long the access token is good, in seconds.
             * @example 900
             */
            expiresIn: number;
        };
        EmailBody: {
            /**
             * @description Taken in any case.
             * @example ada@example.com
             */
            email: string;
        };
        Login: {
            /**
             * @description Shown in the list of sessions.
             * @example Phone of Ada
             */
            deviceName?: string;
            /** @example ada@example.com */
            email?: string;
            /** @example ada */
            username?: string;
            /** @example correct horse battery */
            password: string;
        } | unknown | unknown;
        Refresh: {
            /**
             * Format: uuid
             * @description A UUID that the client makes for this one refresh and keeps, with the token, before it asks. Where the answer is lost,
             *     the same token with the same `attemptId` is given the same successor also after more than 10 s, as long as that was
             *     not spent.
             * @example 5f0c1f3a-2f0e-4c57-9f0b-0a4b8d9f7a11
             */
            attemptId?: string;
            /** @description Left out by browsers, whose cookie is taken. */
            refreshToken?: string;
        };
        ResetPassword: {
            /**
             * @description Taken in any case.
             * @example ada@example.com
             */
            email: string;
            /**
             * @description Six digits; twelve where an administrator made it.
             * @example 042817
             */
            otp: string;
            /**
             * @description 8 to 128 characters.
             * @example correct horse battery
             */
            newPassword: string;
        };
        ChangePassword: {
            /** @example correct horse battery */
            currentPassword: string;
            /**
             * @description 8 to 128 characters.
             * @example wrong donkey cell
             */
            newPassword: string;
        };
        SessionView: {
            /**
             * Format: uuid
             * @example 0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11
             */
            id: string;
            /**
             * @description As the client named it; of a trusted issuer's user, the issuer.
             * @example Phone of Ada
             */
            deviceName: string | null;
            /**
             * @description The IP address it was opened from.
             * @example 203.0.113.7
             */
            ip: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was opened or last refreshed: ISO 8601, UTC.
             */
            lastUsedAt: string;
            /** @description Whether it is the one that asks. */
            current: boolean;
        };
        /** @enum {string} */
        KeyScope: "messages:write" | "users:read" | "users:write" | "conversations:read" | "conversations:write" | "webhooks:write";
        CreateApiKeyDto: {
            scopes: components["schemas"]["KeyScope"][];
            /**
             * Format: date-time
             * @description When it ends by itself; left out: never.
             */
            expiresAt?: string;
            /**
             * @description For people: what it is for. One line of 1 to 64 characters.
             * @example Support desk
             */
            name: string;
        };
        NewApiKeyView: {
            scopes: components["schemas"]["KeyScope"][];
            /**
             * @description For `Authorization: Bearer`. It is kept as a hash: nobody can show it again.
             * @example pk_yZ0o0w7VbA3m0nYJ3l0tqP1o9m7h0bqzqT1cJ8c3s4E
             */
            secret: string;
            /** Format: uuid */
            id: string;
            /** @example Support desk */
            name: string;
            /** @description The administrator who made it. */
            createdBy: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC; null where it has no end.
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description To the minute: ISO 8601, UTC; null where it was never used.
             */
            lastUsedAt: string | null;
        };
        ApiKeyView: {
            scopes: components["schemas"]["KeyScope"][];
            /** Format: uuid */
            id: string;
            /** @example Support desk */
            name: string;
            /** @description The administrator who made it. */
            createdBy: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC; null where it has no end.
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description To the minute: ISO 8601, UTC; null where it was never used.
             */
            lastUsedAt: string | null;
        };
        SendFriendRequestDto: {
            /**
             * Format: uuid
             * @description Whom to ask.
             */
            userId: string;
        };
        /** @enum {string} */
        FriendRequestStatus: "PENDING" | "ACCEPTED" | "REJECTED" | "CANCELLED";
        FriendRequestView: {
            status: components["schemas"]["FriendRequestStatus"];
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            senderId: string;
            /** Format: uuid */
            receiverId: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was accepted, rejected or cancelled; null while pending.
             */
            respondedAt: string | null;
        };
        FriendRequestItemView: {
            status: components["schemas"]["FriendRequestStatus"];
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            senderId: string;
            /** Format: uuid */
            receiverId: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was accepted, rejected or cancelled; null while pending.
             */
            respondedAt: string | null;
            user: components["schemas"]["UserView"];
        };
        /** @enum {string} */
        FriendRequestDirection: "incoming" | "outgoing";
        /** @enum {string} */
        ConversationType: "DIRECT" | "GROUP";
        /**
         * @description Groups only: whether a new member sees what was written before it joined.
         * @enum {string}
         */
        HistoryVisibility: "FROM_JOIN" | "FROM_START";
        /** @enum {string} */
        MessageKind: "TEXT" | "IMAGE" | "VIDEO" | "AUDIO" | "FILE" | "SYSTEM";
        /** @enum {string} */
        MemberRole: "OWNER" | "ADMIN" | "MEMBER";
        MemberView: {
            role: components["schemas"]["MemberRole"];
            user: components["schemas"]["UserView"];
            /** @description The last sequence number this member has read. */
            lastReadSeq: number;
            /** @description The last sequence number that reached a device of this member. Never below `lastReadSeq`. */
            lastDeliveredSeq: number;
        };
        OwnMembershipView: {
            role: components["schemas"]["MemberRole"];
            /**
             * @description Messages of others after `lastReadSeq` that are there to be read: not deleted, not hidden by the caller, no SYSTEM
             *     ones. Derived at each read, never stored. 1,000 stands for as many or more.
             */
            unreadCount: number;
            lastReadSeq: number;
            /** Format: date-time */
            mutedUntil: string | null;
            /** Format: date-time */
            archivedAt: string | null;
            /** Format: date-time */
            pinnedAt: string | null;
        };
        ConversationView: {
            type: components["schemas"]["ConversationType"];
            /** @description Groups only: whether a new member sees what was written before it joined. */
            historyVisibility?: components["schemas"]["HistoryVisibility"];
            lastMessageKind: components["schemas"]["MessageKind"] | null;
            /** @description How many are members. */
            memberCount: number;
            /** Format: uuid */
            id: string;
            /** @description Groups only. */
            title: string | null;
            /** @description Groups only. */
            avatarUrl: string | null;
            /** @description The sequence number of the newest message; 0 before the first. */
            lastSeq: number;
            /**
             * @description The newest message's text, its first 200 characters; null where there is none or it was deleted.
             * @example See you at nine
             */
            lastMessage: string | null;
            /** Format: date-time */
            lastMessageAt: string | null;
            /**
             * Format: uuid
             * @description The id of the user who wrote it.
             */
            lastMessageBy: string | null;
            /** Format: date-time */
            createdAt: string;
            /**
             * @description All members where there are at most 100. Of a larger group some: at most 100 where the conversation was asked for by
             *     itself, at most 20 in lists, in sync and in events; the caller first, then its friends and the latest writers. All of
             *     them: GET /conversations/:id/members.
             */
            members: components["schemas"]["MemberView"][];
            me: components["schemas"]["OwnMembershipView"];
        };
        AcceptedFriendRequestView: {
            request: components["schemas"]["FriendRequestView"];
            friend: components["schemas"]["UserView"];
            /** @description The direct conversation with the new friend, as the caller sees it. */
            conversation: components["schemas"]["ConversationView"];
        };
        BlockUserDto: {
            /**
             * Format: uuid
             * @description Whom to block.
             */
            userId: string;
        };
        BlockView: {
            user: components["schemas"]["UserView"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        CreateConversationDto: {
            /**
             * @default DIRECT
             * @enum {string}
             */
            type?: "DIRECT" | "GROUP";
            /**
             * Format: uuid
             * @description Direct only: the other user.
             */
            userId?: string;
            /** @description Groups only: everybody but the caller. */
            memberIds?: string[];
            /**
             * @description Groups only.
             * @example Trip to Lisbon
             */
            title?: string;
        } | unknown | unknown;
        UpdateConversationDto: {
            /**
             * Format: uuid
             * @description An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`.
             */
            avatarId?: string;
            /** @description Whether members who join from now on see what was written before. */
            historyVisibility?: components["schemas"]["HistoryVisibility"];
            title?: string;
            /**
             * Format: uri
             * @description An https URL; null removes the picture.
             */
            avatarUrl?: string | null;
        };
        AddMembersDto: {
            memberIds: string[];
        };
        UpdateMemberDto: {
            /** @description OWNER hands the group over: the caller becomes ADMIN. */
            role: components["schemas"]["MemberRole"];
        };
        UpdateOwnMembershipDto: {
            /**
             * Format: date-time
             * @description No push until then (RFC 3339 with its zone, years 1000 to 9999); null unmutes.
             */
            mutedUntil?: string | null;
            archived?: boolean;
            pinned?: boolean;
        };
        MarkReadDto: {
            /** @description Read up to here. Beyond the conversation's last message it counts as that one; a cursor never moves back. */
            seq: number;
        };
        ReadCursorView: {
            lastReadSeq: number;
        };
        ReceiptView: {
            /** Format: uuid */
            conversationId: string;
            /** Format: uuid */
            userId: string;
            lastReadSeq: number;
            lastDeliveredSeq: number;
        };
        ExternalAttachment: {
            kind: components["schemas"]["AttachmentKind"];
            /**
             * Format: uri
             * @description An https URL.
             * @example https://files.example.com/beach.jpg
             */
            url: string;
            /** @example beach.jpg */
            name?: string | null;
            /** @description Bytes. */
            size?: number | null;
        };
        CreateMessageDto: {
            /**
             * @description 1 to 8,000 characters, one of which can be seen; may be left out where there are attachments.
             * @example Hello!
             */
            content?: string | null;
            /** @description Uploads of one's own, each used by no other message; shown in this order, before those kept elsewhere. */
            attachmentIds?: string[];
            /**
             * Format: uuid
             * @description Makes the send idempotent: a repeat with the same id answers the message that is stored already.
             */
            clientId?: string | null;
            /**
             * Format: uuid
             * @description A message of the same conversation that this one answers.
             */
            replyToId?: string | null;
            /** @description Files kept elsewhere. With those uploaded at most 10. */
            attachments?: components["schemas"]["ExternalAttachment"][] | null;
        } | unknown | unknown | unknown;
        ReplyPreview: {
            /** @description Null where `unavailable`. */
            kind: components["schemas"]["MessageKind"] | null;
            /** Format: uuid */
            id: string;
            seq: number;
            /**
             * Format: uuid
             * @description Null where `unavailable`.
             */
            senderId: string | null;
            /** @description Its first 200 characters; null where it has no text or was deleted. */
            content: string | null;
            /**
             * Format: date-time
             * @description When it was deleted, for everyone or for this reader alone.
             */
            deletedAt: string | null;
            /** @description True where the reader's history begins after it: there was a message, and nothing else is shown of it. */
            unavailable?: boolean;
        };
        SystemEventView: {
            /** @enum {string} */
            type: "GROUP_CREATED" | "MEMBERS_ADDED" | "MEMBER_REMOVED" | "MEMBER_LEFT" | "ROLE_CHANGED" | "GROUP_CHANGED";
            /** @description How many users it happened to, where they are more than `userIds` lists. */
            userCount?: number;
            /** @description The role that was given: `ROLE_CHANGED`. */
            role?: components["schemas"]["MemberRole"];
            /**
             * Format: uuid
             * @description The user who did it.
             */
            actorId: string;
            /** @description The users it happened to; at most the first 100 of them. */
            userIds: string[];
            /** @description The title that the group got: `GROUP_CREATED`, and `GROUP_CHANGED` where it was renamed. */
            title?: string;
        };
        LinkPreviewView: {
            /** @example https://example.com/article */
            url: string;
            title: string;
            description: string | null;
            siteName: string | null;
            /** @description On this server, at most 1280 pixels wide and high; expires like those of attachments. */
            imageUrl: string | null;
        };
        ReactionView: {
            /** @example 👍 */
            emoji: string;
            /** @description How many users reacted with it. */
            count: number;
            /** @description Whether the receiver of this view did. */
            mine: boolean;
        };
        MessageView: {
            kind: components["schemas"]["MessageKind"];
            replyTo: components["schemas"]["ReplyPreview"] | null;
            /** @description SYSTEM messages only. */
            system?: components["schemas"]["SystemEventView"];
            /**
             * @description Where its text holds a link whose page could be read: comes with a `message:updated` of its own. Null where there is none,
             *     and left out of messages that were never changed.
             */
            linkPreview?: components["schemas"]["LinkPreviewView"] | null;
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            conversationId: string;
            /** @description Dense within the conversation, from 1; the order of messages. */
            seq: number;
            /** @description Rises with every change of the message. */
            version: number;
            /** Format: uuid */
            senderId: string;
            /**
             * Format: uuid
             * @description The sender's own idempotency key.
             */
            clientId: string | null;
            /**
             * @description At most 8,000 characters; empty where it is attachments alone, null once deleted. Of SYSTEM messages a sentence in
             *     English, made of `system` with the names that people have when it is read.
             * @example Hello!
             */
            content: string | null;
            /** @description At most 10; none once deleted. */
            attachments: components["schemas"]["AttachmentView"][];
            reactions: components["schemas"]["ReactionView"][];
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            editedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted, for everyone or for this reader alone: it stays in its place, with nothing in it.
             */
            deletedAt: string | null;
            /**
             * Format: date-time
             * @description When this reader deleted it for themselves alone: they are not shown that there was one.
             */
            hiddenAt?: string;
        };
        MessagePage: {
            items: components["schemas"]["MessageView"][];
            hasBefore: boolean;
            hasAfter: boolean;
        };
        MessageSearchPage: {
            /** @description Null on the last page. */
            nextCursor: string | null;
            /**
             * Format: date-time
             * @description Null where everything was searched. Otherwise the search index is behind at the moment: what was said before this
             *     time was searched, and the newest messages; others after it may be missing from the answer.
             */
            indexedUpTo: string | null;
            items: components["schemas"]["MessageView"][];
        };
        EditMessageDto: {
            /**
             * @description As of a send: empty takes the text away where there are attachments.
             * @example Hello, world!
             */
            content: string;
        };
        FriendChangeView: {
            user: components["schemas"]["UserView"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            since: string;
            /**
             * Format: date-time
             * @description When it ended; null while it lasts.
             */
            removedAt: string | null;
        };
        SyncView: {
            /** @description For the next call. */
            cursor: string;
            /** @description Whether to call again at once. */
            hasMore: boolean;
            /** @description New, rejoined or changed. */
            conversations: components["schemas"]["ConversationView"][];
            /** @description Conversations the caller is no longer a member of. */
            leftConversationIds: string[];
            /** @description New, edited or deleted; ascending within a conversation. */
            messages: components["schemas"]["MessageView"][];
            /** @description Members' cursors; of groups of more than 100 the caller's alone. */
            receipts: components["schemas"]["ReceiptView"][];
            friendRequests: components["schemas"]["FriendRequestView"][];
            friends: components["schemas"]["FriendChangeView"][];
            /** @description Profiles that changed, of the caller and of whoever it meets in conversations or among its friends; deleted ones too. */
            users: components["schemas"]["UserView"][];
        };
        SyncResetView: {
            /** @description Always true. */
            reset: boolean;
        };
        /** @enum {string} */
        ServerRole: "USER" | "MODERATOR" | "ADMIN";
        SuspensionView: {
            /**
             * Format: date-time
             * @description Since when: ISO 8601, UTC.
             */
            since: string;
            /** @description ISO 8601, UTC; null until it is lifted. */
            until: string | null;
            /** @description As it is shown to the suspended. */
            reason: string | null;
        };
        AccountView: {
            role: components["schemas"]["ServerRole"];
            /**
             * @description Only for oneself: null for users that came from a trusted issuer without an e-mail address.
             * @example ada@example.com
             */
            email?: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            emailVerifiedAt: string | null;
            /** @description Null where it may be used. */
            suspension: components["schemas"]["SuspensionView"] | null;
            /**
             * Format: date-time
             * @description When it was deleted: ISO 8601, UTC.
             */
            deletedAt: string | null;
            /**
             * Format: uuid
             * @example 0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11
             */
            id: string;
            /** @example ada */
            username: string;
            /** @example Ada Lovelace */
            displayName: string;
            avatarUrl: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             * @example 2026-11-20T09:30:00.000Z
             */
            createdAt: string;
            /** @description Whether the user has a live connection; only for those whom its presence is shown to. */
            isOnline?: boolean;
            /**
             * Format: date-time
             * @description When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to.
             */
            lastSeenAt?: string | null;
        };
        AccountDetailsView: {
            role: components["schemas"]["ServerRole"];
            /**
             * @description Only for oneself: null for users that came from a trusted issuer without an e-mail address.
             * @example ada@example.com
             */
            email?: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            emailVerifiedAt: string | null;
            /** @description Null where it may be used. */
            suspension: components["schemas"]["SuspensionView"] | null;
            /**
             * Format: date-time
             * @description When it was deleted: ISO 8601, UTC.
             */
            deletedAt: string | null;
            /**
             * Format: uuid
             * @example 0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11
             */
            id: string;
            /** @example ada */
            username: string;
            /** @example Ada Lovelace */
            displayName: string;
            avatarUrl: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             * @example 2026-11-20T09:30:00.000Z
             */
            createdAt: string;
            /** @description Whether the user has a live connection; only for those whom its presence is shown to. */
            isOnline?: boolean;
            /**
             * Format: date-time
             * @description When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to.
             */
            lastSeenAt?: string | null;
            /** @description Sessions that live. */
            sessionCount: number;
            /** @description The last used of them, at most 20. */
            sessions: components["schemas"]["SessionView"][];
            /** @description Devices that are registered for push. */
            deviceCount: number;
            /** @description Open reports about it, its messages and direct conversations with it. */
            openReportCount: number;
            /**
             * Format: date-time
             * @description When a session of it was used last, or its last connection ended: ISO 8601, UTC.
             */
            lastUsedAt: string | null;
        };
        SuspendDto: {
            /**
             * Format: date-time
             * @description Until when, in the future.
             */
            until: string;
            reason: string;
        };
        ReasonDto: {
            reason: string;
        };
        OptionalReasonDto: {
            reason?: string;
        };
        ResetCodeView: {
            /**
             * @description Twelve digits.
             * @example 482913067254
             */
            otp: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            expiresAt: string;
            /**
             * @description With it, the account is named where the code is used.
             * @example ada@example.com
             */
            email: string;
        };
        GrantRoleDto: {
            reason?: string;
            role: components["schemas"]["ServerRole"];
        };
        /** @enum {string} */
        ReportStatus: "OPEN" | "DISMISSED" | "RESOLVED";
        /** @enum {string} */
        ReportTarget: "message" | "user" | "conversation";
        /** @enum {string} */
        ReportReason: "SPAM" | "HARASSMENT" | "VIOLENCE" | "SEXUAL" | "SELF_HARM" | "ILLEGAL" | "OTHER";
        /** @enum {string} */
        ReportAction: "dismiss" | "delete_message" | "suspend_user" | "ban_user";
        ResolutionView: {
            action: components["schemas"]["ReportAction"];
            by: components["schemas"]["UserView"] | null;
            /** @description In the moderator's words; shown to moderators alone. */
            note: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            at: string;
        };
        ReportView: {
            status: components["schemas"]["ReportStatus"];
            targetType: components["schemas"]["ReportTarget"];
            reason: components["schemas"]["ReportReason"];
            /** @description Whom an act would be upon: the message's sender, the user, the other side of a direct conversation; null for a group. */
            targetUser: components["schemas"]["UserView"] | null;
            /** @description Null while it is open. */
            resolution: components["schemas"]["ResolutionView"] | null;
            /** Format: uuid */
            targetId: string;
            /** @description In the reporter's words; null without any, and 30 days after it was resolved. */
            comment: string | null;
            reporter: components["schemas"]["UserView"];
            /**
             * Format: uuid
             * @description Where it happened; null for a user.
             */
            conversationId: string | null;
            /** @description Open reports of the same, this one among them if it is. */
            openReportCount: number;
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        CopiedAttachmentView: {
            /** @description Bytes; null where it is not kept. */
            size: number | null;
            /**
             * Format: uuid
             * @description Null where it is external.
             */
            id: string | null;
            kind: string;
            name: string | null;
            mimeType: string | null;
            /** @description For moderators, as long as the copy is kept; null where the file was gone already. An external file's is its own. */
            url: string | null;
            /** @description The same of a small picture, at most 320 pixels wide and high; of images, and films with a poster. */
            thumbnailUrl: string | null;
        };
        CopiedMessageView: {
            attachments: components["schemas"]["CopiedAttachmentView"][];
            /** Format: uuid */
            id: string;
            seq: number;
            /** Format: uuid */
            senderId: string;
            kind: string;
            content: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
            /** Format: date-time */
            editedAt: string | null;
            /** Format: date-time */
            deletedAt: string | null;
        };
        CopiedUserView: {
            /** Format: uuid */
            id: string;
            username: string;
            displayName: string;
        };
        CopiedConversationView: {
            /** Format: uuid */
            id: string;
            /** @description `DIRECT` or `GROUP`. */
            type: string;
            title: string | null;
            memberCount: number;
        };
        ReportCopyView: {
            /** @description In their order; of a report of a message five on either side of it at the most, of a conversation its newest. */
            messages: components["schemas"]["CopiedMessageView"][];
            /** @description Who wrote them, and whom it is about. */
            users: components["schemas"]["CopiedUserView"][];
            /** @description Null for a user. */
            conversation: components["schemas"]["CopiedConversationView"] | null;
        };
        WholeReportView: {
            status: components["schemas"]["ReportStatus"];
            targetType: components["schemas"]["ReportTarget"];
            reason: components["schemas"]["ReportReason"];
            /** @description Whom an act would be upon: the message's sender, the user, the other side of a direct conversation; null for a group. */
            targetUser: components["schemas"]["UserView"] | null;
            /** @description Null while it is open. */
            resolution: components["schemas"]["ResolutionView"] | null;
            /** @description Null 30 days after it was resolved. */
            copy: components["schemas"]["ReportCopyView"] | null;
            /** Format: uuid */
            targetId: string;
            /** @description In the reporter's words; null without any, and 30 days after it was resolved. */
            comment: string | null;
            reporter: components["schemas"]["UserView"];
            /**
             * Format: uuid
             * @description Where it happened; null for a user.
             */
            conversationId: string | null;
            /** @description Open reports of the same, this one among them if it is. */
            openReportCount: number;
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        ResolveReportDto: {
            action: components["schemas"]["ReportAction"];
            /**
             * Format: date-time
             * @description With `suspend_user`, and only with it: until when, in the future.
             */
            until?: string;
            /** @description For other moderators: never shown to anybody else. */
            note?: string;
        };
        CreateReportDto: {
            targetType: components["schemas"]["ReportTarget"];
            /** Format: uuid */
            targetId: string;
            reason: components["schemas"]["ReportReason"];
            /** @description In the reporter's words. */
            comment?: string;
        };
        ReportReceiptView: {
            status: components["schemas"]["ReportStatus"];
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        EndAllSessionsDto: {
            reason?: string;
            /**
             * @description That everybody is meant.
             * @enum {boolean}
             */
            everybody: true;
        };
        EndedSessionsView: {
            /** @description Sessions that lived. */
            count: number;
        };
        TableDueView: {
            /** @description Rows that are gone, by PostgreSQL's own count. */
            deadRows: number;
            /** @example messages */
            name: string;
        };
        VacuumView: {
            /** @description Those with many rows that are gone; none where there is nothing to do. */
            tables: components["schemas"]["TableDueView"][];
        };
        DayView: {
            /** @example 2026-11-20 */
            day: string;
            newUsers: number;
            reports: number;
        };
        StatsView: {
            /**
             * Format: date-time
             * @description When they were counted: ISO 8601, UTC.
             */
            at: string;
            /** @description Accounts that are not deleted. */
            users: number;
            onlineUsers: number;
            /** @description Those that were used, or connected, in the last 24 hours. */
            activeUsers: number;
            suspendedUsers: number;
            moderators: number;
            administrators: number;
            sessions: number;
            devices: number;
            conversations: number;
            /** @description All that were ever sent. */
            messages: number;
            attachments: number;
            /** @description Bytes of attachments, as they are served. */
            attachmentBytes: number;
            openReports: number;
            /** @description The last 30 days, the oldest first. */
            days: components["schemas"]["DayView"][];
        };
        /** @enum {string} */
        PushPlatform: "expo" | "fcm" | "apns" | "web";
        /**
         * @description Where the token of an iPhone (apns) is from. Default: production.
         * @enum {string}
         */
        ApnsEnvironment: "production" | "sandbox";
        /**
         * @description What a notification may show. Left out: as it was, and `full` for a new device.
         * @enum {string}
         */
        PushPreview: "full" | "sender" | "none";
        SubscriptionKeysDto: {
            /** @description The browser's public key of P-256, base64url. */
            p256dh: string;
            /** @description Its secret of 16 bytes, base64url. */
            auth: string;
        };
        SubscriptionDto: {
            /** @description Taken as browsers write it, and of no use. */
            expirationTime?: number | null;
            /**
             * @description At one of the push services that are allowed (`PUSH_WEB_HOSTS`).
             * @example https://updates.push.services.mozilla.com/wpush/v2/gAAA
             */
            endpoint: string;
            keys: components["schemas"]["SubscriptionKeysDto"];
        };
        RegisterDeviceDto: {
            platform: components["schemas"]["PushPlatform"];
            /** @description Where the token of an iPhone (apns) is from. Default: production. */
            environment?: components["schemas"]["ApnsEnvironment"];
            /** @description What a notification may show. Left out: as it was, and `full` for a new device. */
            preview?: components["schemas"]["PushPreview"];
            /**
             * @description For expo, fcm and apns.
             * @example ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]
             */
            token?: string;
            /** @description For web. */
            subscription?: components["schemas"]["SubscriptionDto"];
            /**
             * @description A language tag: notifications are in that language where the server has texts in it, else in English.
             * @example de-AT
             */
            locale?: string;
        };
        DeviceView: {
            /**
             * @description As its client named it.
             * @example 5f0e6a1c-3f43-4bb2-9c19-9f5d0a7c1e55
             */
            id: string;
            platform: components["schemas"]["PushPlatform"];
            /** @description What a notification shows: the text, who wrote, or nothing of either. The server may show less. */
            preview: components["schemas"]["PushPreview"];
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was registered last: ISO 8601, UTC.
             */
            lastUsedAt: string;
        };
        /** @enum {string} */
        PushOutcome: "sent" | "skipped" | "failed" | "waiting";
        DeviceLogEntryView: {
            /** @description The message that it was decided about, or the last of several. */
            seq: number | null;
            outcome: components["schemas"]["PushOutcome"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            at: string;
            /** Format: uuid */
            conversationId: string | null;
            /** @example read */
            reason: string;
        };
        WebKeyView: {
            /**
             * @description The server's public key of P-256, uncompressed, base64url: `applicationServerKey`.
             * @example BNc…
             */
            publicKey: string;
        };
        CreateBotDto: {
            /** @example helpdesk */
            username: string;
            /**
             * @description One line of 1 to 64 characters.
             * @example Help desk
             */
            displayName: string;
        };
        /** @enum {string} */
        WebhookEventType: "message.created" | "message.updated" | "message.deleted" | "user.created" | "user.deleted" | "friend.accepted" | "conversation.created" | "member.joined" | "member.left" | "report.created";
        CreateWebhookDto: {
            events: components["schemas"]["WebhookEventType"][];
            /**
             * @description An https URL at port 443 of a public host, or of a host that the operator names.
             * @example https://moderation.example.com/parley
             */
            url: string;
        };
        /**
         * @description Why it is disabled: its receiver is gone (410), failed for five days, has too much waiting for it, or an administrator did it.
         * @enum {string}
         */
        WebhookDisabledReason: "GONE" | "FAILING" | "BACKLOG" | "ADMINISTRATOR";
        NewWebhookView: {
            events: components["schemas"]["WebhookEventType"][];
            /** @description Why it is disabled: its receiver is gone (410), failed for five days, has too much waiting for it, or an administrator did it. */
            disabledReason: components["schemas"]["WebhookDisabledReason"] | null;
            /**
             * @description Receivers verify with it what is sent. Nobody is shown it again.
             * @example whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=
             */
            secret: string;
            /** Format: uuid */
            id: string;
            /** @example https://moderation.example.com/parley */
            url: string;
            /** @description False: nothing is sent to it, and what happens meanwhile never will be. */
            enabled: boolean;
            /**
             * Format: date-time
             * @description ISO 8601, UTC; null while it is enabled.
             */
            disabledAt: string | null;
            /** @description Since when every attempt failed: ISO 8601, UTC; null where the last one did not. */
            failingSince: string | null;
            /** @description The administrator who made it. */
            createdBy: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        WebhookView: {
            events: components["schemas"]["WebhookEventType"][];
            /** @description Why it is disabled: its receiver is gone (410), failed for five days, has too much waiting for it, or an administrator did it. */
            disabledReason: components["schemas"]["WebhookDisabledReason"] | null;
            /** Format: uuid */
            id: string;
            /** @example https://moderation.example.com/parley */
            url: string;
            /** @description False: nothing is sent to it, and what happens meanwhile never will be. */
            enabled: boolean;
            /**
             * Format: date-time
             * @description ISO 8601, UTC; null while it is enabled.
             */
            disabledAt: string | null;
            /** @description Since when every attempt failed: ISO 8601, UTC; null where the last one did not. */
            failingSince: string | null;
            /** @description The administrator who made it. */
            createdBy: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        UpdateWebhookDto: {
            events?: components["schemas"]["WebhookEventType"][];
            /** @example https://moderation.example.com/parley */
            url?: string;
            /** @description False sends nothing any more; true begins again, with what happens from then on. */
            enabled?: boolean;
        };
        /** @enum {string} */
        WebhookDeliveryStatus: "pending" | "delivered" | "failed";
        WebhookDeliveryView: {
            status: components["schemas"]["WebhookDeliveryStatus"];
            /**
             * @description Attempts that were begun.
             * @example 1
             */
            attempts: number;
            /** @description HTTP status of the last answer; null where there was none. */
            responseStatus: number | null;
            /** @description How long the last attempt took. */
            durationMs: number | null;
            /**
             * Format: uuid
             * @description The `webhook-id` of each of its attempts.
             */
            id: string;
            /** @example message.created */
            type: string;
            /**
             * Format: date-time
             * @description When it is sent next: ISO 8601, UTC; null unless it is pending.
             */
            nextAttemptAt: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            lastAttemptAt: string | null;
            /**
             * @description Why the last attempt failed.
             * @example status 500
             */
            error: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            deliveredAt: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC.
             */
            createdAt: string;
        };
        RetentionView: {
            /** @description What was set for it: null keeps them as long as the server does (`RETENTION_DAYS`), 0 for ever. */
            days: number | null;
            /** @description What follows from that; null: for ever. */
            effectiveDays: number | null;
        };
        SetRetentionDto: {
            /** @description Null keeps messages as long as the server does, 0 for ever. */
            days: number | null;
        };
        ChatErrorView: {
            errors?: {
                [key: string]: string[];
            };
            success: boolean;
            error: string;
            message: string;
            /**
             * @description One of the server's own codes.
             * @example NOT_FOUND
             */
            code: string;
            retryAfterMs?: number;
        };
        ChatFile: {
            /** @enum {string} */
            type: "image" | "video" | "audio" | "document";
            url: string;
            name: string | null;
            /** @description Bytes. */
            size: number | null;
        };
        ChatUser: {
            /** Format: uuid */
            _id: string;
            /** Format: uuid */
            id: string;
            username: string;
            displayName: string;
            avatarUrl: string | null;
        };
        ChatMessage: {
            /** Format: uuid */
            _id: string;
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            senderId: string;
            /** Format: uuid */
            receiverId: string;
            text: string;
            file: components["schemas"]["ChatFile"] | null;
            isRead: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description All of them, where it carries more than one. */
            files?: components["schemas"]["ChatFile"][];
            sender: components["schemas"]["ChatUser"] | null;
            receiver: components["schemas"]["ChatUser"] | null;
        };
        ChatsView: {
            success: boolean;
            chats: components["schemas"]["ChatMessage"][];
        };
        ChatHistoryView: {
            success: boolean;
            /** @description Oldest first. */
            messages: components["schemas"]["ChatMessage"][];
            hasMore: boolean;
        };
        ChatPartner: {
            /** Format: uuid */
            _id: string;
            /** Format: uuid */
            id: string;
            username: string;
            displayName: string;
            avatarUrl: string | null;
            isOnline: boolean;
            /** Format: date-time */
            lastSeen: string | null;
        };
        ChatConversation: {
            /** Format: uuid */
            _id: string;
            /** Format: uuid */
            id: string;
            user: components["schemas"]["ChatPartner"] | null;
            lastMessage: components["schemas"]["ChatMessage"] | null;
            unreadCount: number;
            /** Format: date-time */
            updatedAt: string;
        };
        ChatConversationsView: {
            success: boolean;
            conversations: components["schemas"]["ChatConversation"][];
        };
        ChatDeletedView: {
            success: boolean;
        };
        RoomMessage: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            roomId: string;
            content: string;
            /** Format: uuid */
            senderId: string;
            /** Format: date-time */
            createdAt: string;
            /** @description Beside what the document has: the URLs of what it carries, where it carries anything. */
            images?: string[];
        };
        ListedRoom: {
            /** @description The newest one, if there is any. */
            messages: components["schemas"]["RoomMessage"][];
            /** Format: uuid */
            id: string;
            /**
             * Format: uuid
             * @description The lower id first.
             */
            user1Id: string;
            /** Format: uuid */
            user2Id: string;
            /** Format: date-time */
            createdAt: string;
        };
        RoomsView: {
            rooms: components["schemas"]["ListedRoom"][];
            nextCursor: string | null;
            /** @description The access token that the request came with: to open WebSockets with. */
            token: string;
        };
        OpenRoomDto: {
            /** Format: uuid */
            otherUserId: string;
        };
        OpenedRoom: {
            /** @description The access token that the request came with: to open WebSockets with. */
            token: string;
            /** Format: uuid */
            id: string;
            /**
             * Format: uuid
             * @description The lower id first.
             */
            user1Id: string;
            /** Format: uuid */
            user2Id: string;
            /** Format: date-time */
            createdAt: string;
        };
        RoomsUser: {
            /** Format: uuid */
            id: string;
            email: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        RoomsProfile: {
            user: components["schemas"]["RoomsUser"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    Health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the process runs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LivenessView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /**
             * @description Whether it can serve: 503 while the database is away or a disk is full, and from the moment it began to end. Without Redis, or
             *     without one of the processes that share its port, it can, and is `degraded`: were it not ready, one hiccup would take every
             *     process away at once.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /**
             * @description Whether it can serve: 503 while the database is away or a disk is full, and from the moment it began to end. Without Redis, or
             *     without one of the processes that share its port, it can, and is `degraded`: were it not ready, one hiccup would take every
             *     process away at once.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
        };
    };
    Audit_list: {
        parameters: {
            query?: {
                /** @description Who did it. */
                actorId?: string;
                action?: "role.grant" | "user.suspend" | "user.ban" | "user.restore" | "user.end_sessions" | "user.reset_password" | "user.delete" | "user.export" | "message.delete" | "report.read" | "report.dismiss" | "report.resolve" | "audit.export" | "api_key.create" | "api_key.revoke" | "bot.create" | "conversation.retention" | "webhook.create" | "webhook.update" | "webhook.rotate_secret" | "webhook.delete" | "webhook.test" | "webhook.redeliver" | "webhook.disable" | "server.after_restore" | "server.vacuum" | "server.end_sessions";
                targetType?: "user" | "message" | "conversation" | "report" | "api_key" | "webhook" | "server";
                /** @description To whom, or to what. */
                targetId?: string;
                /** @description Not before then. */
                since?: string;
                /** @description Before then. */
                until?: string;
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists what moderators, administrators and operators did, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEntryView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Audit_export: {
        parameters: {
            query?: {
                /** @description Who did it. */
                actorId?: string;
                action?: "role.grant" | "user.suspend" | "user.ban" | "user.restore" | "user.end_sessions" | "user.reset_password" | "user.delete" | "user.export" | "message.delete" | "report.read" | "report.dismiss" | "report.resolve" | "audit.export" | "api_key.create" | "api_key.revoke" | "bot.create" | "conversation.retention" | "webhook.create" | "webhook.update" | "webhook.rotate_secret" | "webhook.delete" | "webhook.test" | "webhook.redeliver" | "webhook.disable" | "server.after_restore" | "server.vacuum" | "server.end_sessions";
                targetType?: "user" | "message" | "conversation" | "report" | "api_key" | "webhook" | "server";
                /** @description To whom, or to what. */
                targetId?: string;
                /** @description Not before then. */
                since?: string;
                /** @description Before then. */
                until?: string;
                format?: "csv" | "jsonl";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of a selection as a file: CSV with a line of names, or one JSON object a line. The newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                    "application/jsonl": string;
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Tus_begin: {
        parameters: {
            query?: never;
            header?: {
                /** @description `filename`, `voice` and `waveform` (as fields of a form), with values in base64. */
                "Upload-Metadata"?: string;
                /** @description Bytes of the file. */
                "Upload-Length"?: number;
                /** @description `1.0.0` */
                "Tus-Resumable"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description Begun; with `Upload-Offset` where bytes came along. */
            201: {
                headers: {
                    Location?: string;
                    "Upload-Expires"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `TUS_VERSION_UNSUPPORTED`: Uploads use tus 1.0.0: send Tus-Resumable: 1.0.0. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. `QUOTA_EXCEEDED`: Your storage is full; delete some files first. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Tus_progress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far an upload is; with HEAD in the headers alone, as tus has it. Once it is complete: the attachment. */
            200: {
                headers: {
                    "Upload-Offset"?: number;
                    "Upload-Length"?: number;
                    "Upload-Metadata"?: string;
                    "Upload-Expires"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadProgressView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: The upload has expired or was cancelled; start again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `TUS_VERSION_UNSUPPORTED`: Uploads use tus 1.0.0: send Tus-Resumable: 1.0.0. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Tus_terminate: {
        parameters: {
            query?: never;
            header?: {
                /** @description `1.0.0` */
                "Tus-Resumable"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ends an upload, and removes what came of it. A complete one may be ended until something uses it. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: The upload has expired or was cancelled; start again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `TUS_VERSION_UNSUPPORTED`: Uploads use tus 1.0.0: send Tus-Resumable: 1.0.0. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_LOCKED`: Another request is writing to this upload; ask for its offset and continue. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Tus_append: {
        parameters: {
            query?: never;
            header?: {
                /** @description `return=representation`: the answer that completes the upload is the attachment, with 200. */
                Prefer?: string;
                /** @description How many bytes the server has. */
                "Upload-Offset"?: number;
                /** @description `1.0.0` */
                "Tus-Resumable"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description Complete, and asked for with `Prefer: return=representation`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
                };
            };
            /** @description The bytes are kept. */
            204: {
                headers: {
                    "Upload-Offset"?: number;
                    "Upload-Expires"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_OFFSET_MISMATCH`: The upload is at another offset; ask for it with HEAD. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: The upload has expired or was cancelled; start again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `TUS_VERSION_UNSUPPORTED`: Uploads use tus 1.0.0: send Tus-Resumable: 1.0.0. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. `IMAGE_TOO_LARGE`: The image has too many pixels, or is too costly to decode; send a smaller one. `QUOTA_EXCEEDED`: Your storage is full; delete some files first. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INFECTED`: A virus scanner found something in the file. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_LOCKED`: Another request is writing to this upload; ask for its offset and continue. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Attachments_upload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadForm"];
            };
        };
        responses: {
            /**
             * @description Uploads one file, to be named in `attachmentIds` of one message within a day; or, with `posterFor`, the poster of a film,
             *     which is answered then.
             */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: The upload has expired or was cancelled; start again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. `IMAGE_TOO_LARGE`: The image has too many pixels, or is too costly to decode; send a smaller one. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INFECTED`: A virus scanner found something in the file. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Attachments_announce: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnounceUpload"];
            };
        };
        responses: {
            /** @description Where the files are kept in S3: a URL to put one file at, past this server. To be confirmed afterwards. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PresignedUploadView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOADS_NOT_PRESIGNED`: This server takes uploads itself: POST /attachments. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Attachments_confirm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes are there: from here on it is as if they had been uploaded to this server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_INCOMPLETE`: The file has not been uploaded yet. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UPLOAD_EXPIRED`: The upload has expired or was cancelled; start again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. `IMAGE_TOO_LARGE`: The image has too many pixels, or is too costly to decode; send a smaller one. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INFECTED`: A virus scanner found something in the file. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AttachmentFiles_file: {
        parameters: {
            query: {
                /** @description Seconds since 1970. */
                expires: string;
                signature: string;
            };
            header?: never;
            path: {
                id: string;
                variant: "original" | "320" | "1280";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The whole file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range that was asked for; `Content-Range` names it. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What `If-None-Match` names is still the file. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `URL_EXPIRED`: The URL has expired; read the message again for a new one. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RANGE_NOT_SATISFIABLE`: The range begins beyond the end of the file. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AttachmentFiles_avatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The whole file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range that was asked for; `Content-Range` names it. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What `If-None-Match` names is still the file. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RANGE_NOT_SATISFIABLE`: The range begins beyond the end of the file. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Users_own: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's own profile. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnUserView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Account_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeleteAccount"];
            };
        };
        responses: {
            /** @description Deletes the caller's account, for good. Its messages stay, under the name of nobody. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INVALID_CREDENTIALS`: The credentials are wrong. `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Users_update: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateProfile"];
            };
        };
        responses: {
            /** @description Changes the caller's own profile. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnUserView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `USERNAME_TAKEN`: This username is already taken. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Users_usage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the caller's files take, and may take. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Users_search: {
        parameters: {
            query: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
                /** @description How the username or the display name begins, in either case: 1 to 64 characters. */
                search: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /**
             * @description Finds other users by how their username or display name begins, in the order of usernames; before all of them the one whose
             *     username is exactly that.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["UserView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Users_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One user's profile; 404 also of somebody who blocked the caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Account_export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everything that is stored of the caller, as one JSON file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /**
             * @description Makes an account and logs it in. Where e-mail addresses have to be verified it mails a code instead, and there is an account
             *     once that comes back; until then the registration is nobody's to see and keeps neither e-mail address nor username from others.
             */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationView"] | components["schemas"]["PendingRegistrationView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `EMAIL_TAKEN`: This e-mail address is already registered. `USERNAME_TAKEN`: This username is already taken. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_verifyOtp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyCode"];
            };
        };
        responses: {
            /**
             * @description Makes the account that a code was mailed for, and logs it in. A code works once; five wrong guesses burn it. Other
             *     registrations for the same e-mail address are gone then.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokensView"];
                };
            };
            /** @description `OTP_INVALID`: The code is wrong. `OTP_EXPIRED`: The code has expired; ask for a new one. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_resendOtp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailBody"];
            };
        };
        responses: {
            /** @description Mails a new code, if somebody registered with this e-mail address from there and is not verified yet. Answers the same in any case. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Opens a session by e-mail address or username, and password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokensView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INVALID_CREDENTIALS`: The credentials are wrong. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `EMAIL_NOT_VERIFIED`: The e-mail address must be verified first. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /**
             * @description Spends a refresh token, from the body or the cookie, for a new pair; a repeat within 10 s is given the same one, and
             *     with its `attemptId` also later, until that is spent.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokensView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REFRESH_TOKEN_INVALID`: The refresh token is unknown, expired or revoked. `REFRESH_TOKEN_REUSED`: The refresh token was used before; its session has ended. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /**
             * @description Ends the caller's session: its tokens are worthless and its sockets disconnected at once. A browser whose access
             *     token has expired is known by its refresh cookie.
             */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_logoutAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The same for all sessions of the caller. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_forgotPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailBody"];
            };
        };
        responses: {
            /** @description Mails a code for a new password, if there is such an account. Answers the same in any case. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPassword"];
            };
        };
        responses: {
            /** @description Sets a new password by the code that was mailed, and ends all sessions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description `OTP_INVALID`: The code is wrong. `OTP_EXPIRED`: The code has expired; ask for a new one. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Sets a new password by the present one, and ends the caller's other sessions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INVALID_CREDENTIALS`: The credentials are wrong. `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_listSessions: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's devices, the last used first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SessionView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Auth_revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ends one of them: its tokens are worthless and its sockets disconnected at once. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ApiKeys_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys that there are, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ApiKeyView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ApiKeys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApiKeyDto"];
            };
        };
        responses: {
            /** @description Makes a key by which a program calls. The secret is in this answer and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKeyView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ApiKeys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revokes a key: at once it is worth nothing, and the connections that it opened end. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_listRequests: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
                /** @description Those the caller received or those it sent; both without it. */
                direction?: components["schemas"]["FriendRequestDirection"];
                /** @description Only those in this status. */
                status?: components["schemas"]["FriendRequestStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists the caller's requests, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["FriendRequestItemView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_send: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendFriendRequestDto"];
            };
        };
        responses: {
            /** @description The other side's request, accepted: it had asked already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FriendRequestView"];
                };
            };
            /** @description The request, pending. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FriendRequestView"];
                };
            };
            /** @description `CANNOT_BEFRIEND_SELF`: You cannot befriend yourself. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REQUEST_EXISTS`: A friend request is already pending. `ALREADY_FRIENDS`: You are already friends. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_accept: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepts a request that the caller received, and opens the direct conversation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedFriendRequestView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REQUEST_NOT_PENDING`: The friend request is no longer pending. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_reject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rejects a request that the caller received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FriendRequestView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REQUEST_NOT_PENDING`: The friend request is no longer pending. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Withdraws a request that the caller sent. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REQUEST_NOT_PENDING`: The friend request is no longer pending. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists the caller's friends, the newest friendship first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["UserView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Friends_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ends a friendship. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Blocks_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists whom the caller blocks, the newest block first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["BlockView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Blocks_block: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BlockUserDto"];
            };
        };
        responses: {
            /** @description Blocks a user; ends the friendship and withdraws pending requests. Again: changes nothing. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockView"];
                };
            };
            /** @description `CANNOT_BLOCK_SELF`: You cannot block yourself. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Blocks_unblock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Takes a block back; a friendship that it ended does not return. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's conversations, newest activity first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ConversationView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateConversationDto"];
            };
        };
        responses: {
            /** @description The direct conversation exists already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description Opens the direct conversation with a user (201, or 200 with the one that exists), or creates a group (201). */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `CANNOT_MESSAGE_SELF`: You cannot message yourself. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One conversation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateConversationDto"];
            };
        };
        responses: {
            /** @description Changes a group's title, picture or history setting (owner and admins). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `NOT_A_GROUP`: The conversation is not a group. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_members: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The members, those of longest standing first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["MemberView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_addMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddMembersDto"];
            };
        };
        responses: {
            /** @description Adds members to a group (owner and admins); those who are members already are passed over. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `NOT_A_GROUP`: The conversation is not a group. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ALREADY_MEMBER`: This user is already a member. `GROUP_FULL`: The group is full. `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removes a member from a group. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `NOT_A_GROUP`: The conversation is not a group. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_updateMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateMemberDto"];
            };
        };
        responses: {
            /** @description Changes a member's role (owner only). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `NOT_A_GROUP`: The conversation is not a group. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_leave: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Leaves a group. An owner who leaves hands it to the admin, else the member, of longest standing. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `NOT_A_GROUP`: The conversation is not a group. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_updateOwnMembership: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateOwnMembershipDto"];
            };
        };
        responses: {
            /** @description The caller's own settings: mute, archive, pin. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_markRead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkReadDto"];
            };
        };
        responses: {
            /** @description Moves the caller's read cursor forward. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadCursorView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Conversations_receipts: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Members' read and delivered cursors, in the order of the members. Of a group of up to 100, one page is all of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ReceiptView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_history: {
        parameters: {
            query?: {
                limit?: number;
                /** @description Messages below this sequence number. */
                before?: number;
                /** @description Messages above this sequence number. */
                after?: number;
                /** @description Messages on both sides of this sequence number, it included. */
                around?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of a conversation's history, ascending; without a position the newest one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_send: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMessageDto"];
            };
        };
        responses: {
            /** @description Sends a message. A repeat with the same `clientId` answers the message that is stored already. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_search: {
        parameters: {
            query: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
                /** @description Words, or a part of one. */
                q: string;
                /** @description Only this conversation. */
                conversationId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Searches the caller's conversations, newest message first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageSearchPage"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_remove: {
        parameters: {
            query?: {
                /** @description `me` empties it for the caller alone. */
                for?: "everyone" | "me";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deletes a message for everyone (one's own, or as a group's owner or admin), or for the caller alone. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_edit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditMessageDto"];
            };
        };
        responses: {
            /** @description Edits one's own message, within 15 minutes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `EDIT_WINDOW_CLOSED`: The message is too old to be edited. `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One attachment, with fresh URLs: of a message that the caller may read, or its own that nothing uses yet. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_removeLinkPreview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Takes the preview of the link in one's own message away, for good. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_react: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Reacts to a message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. `TOO_MANY_REACTIONS`: Too many different reactions. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Messages_withdrawReaction: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Takes a reaction back. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Sync_sync: {
        parameters: {
            query?: {
                /** @description How many things at most, of all kinds together. */
                limit?: number;
                /** @description `cursor` of the answer before, or `syncCursor` of `session:ready`. Opaque. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All that changed for the caller since the cursor; without one, its conversations and a cursor for what follows. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncView"] | components["schemas"]["SyncResetView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
                /** @description How a username or a display name begins, a whole e-mail address, or an id. */
                search?: string;
                role?: components["schemas"]["ServerRole"];
                /** @description Whether it is suspended or banned now. */
                suspended?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists accounts by username, or searches them; deleted ones are left out. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AccountView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One account, with its sessions and how much else belongs to it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /** @description Deletes an account, for good. Its messages stay, under the name of nobody; keys that it made are revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `OVERLOADED`: The server is overloaded; try again shortly. `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_suspend: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SuspendDto"];
            };
        };
        responses: {
            /**
             * @description Suspends an account: its sessions and connections end at once, on every process, and every door answers `ACCOUNT_SUSPENDED`
             *     until then. The reason is shown to whom it is about.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_ban: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonDto"];
            };
        };
        responses: {
            /** @description The same without an end. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /** @description Lifts a suspension or a ban. Where there is none, nothing changes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_endSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /** @description Ends all sessions of an account, its connections with them. It may log in again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /**
             * @description Makes a code by which its owner sets a new password (`POST /auth/reset-password`), to be handed over by other means: it is in
             *     this answer and nowhere else. Nothing changes until it is used. No wrong guess burns it, and none is mailed while it is good.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetCodeView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_export: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everything that is stored of an account, as one JSON file, as its owner may have it by `GET /users/me/export`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Accounts_grantRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantRoleDto"];
            };
        };
        responses: {
            /** @description Gives an account a role of the server, or takes it away (`USER`). Nobody changes its own. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetailsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AdminMessages_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonDto"];
            };
        };
        responses: {
            /** @description Empties a message for everybody, whoever wrote it and wherever. Its members see it like any deletion; the reason is for the audit log. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AdminReports_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
                /** @description Left out: all of them, the newest first. Those that are open come with the oldest first. */
                status?: components["schemas"]["ReportStatus"];
                /** @description Those about this user. */
                targetUserId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lists reports: those that are open with the oldest first, all others with the newest first. None that is about the caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ReportView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AdminReports_whole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One report, with the copy of what it is about. The audit log has who read it, once an hour. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeReportView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    AdminReports_resolve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveReportDto"];
            };
        };
        responses: {
            /** @description Decides a report. What acts settles all open reports of the same, a dismissal this one alone. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeReportView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `REPORT_RESOLVED`: The report is already resolved. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ReportFiles_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                attachmentId: string;
                variant: "original" | "320" | "1280";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The whole file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range that was asked for; `Content-Range` names it. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What `If-None-Match` names is still the file. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RANGE_NOT_SATISFIABLE`: The range begins beyond the end of the file. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Reports_report: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateReportDto"];
            };
        };
        responses: {
            /** @description It was reported before, and nobody has decided yet. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportReceiptView"];
                };
            };
            /**
             * @description Reports a message, a user or a conversation to the server's moderators, who see it with a copy of what the reporter sees now.
             *     The one reported learns nothing of it. Again, while the first is open: 200 with that one.
             */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportReceiptView"];
                };
            };
            /** @description `CANNOT_REPORT_SELF`: You cannot report yourself. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `FORBIDDEN`: You may not do this. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ServerActs_endSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EndAllSessionsDto"];
            };
        };
        responses: {
            /** @description Logs everybody out, the caller too; connections that are open end within some seconds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndedSessionsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ServerActs_vacuum: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /** @description Forgets what is due, and has PostgreSQL clean up behind it: the tables in the answer, one after the other, behind the answer. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VacuumView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    ServerActs_afterRestore: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OptionalReasonDto"];
            };
        };
        responses: {
            /**
             * @description After a backup was restored in a way that the server cannot notice, a copy of the database's files: every client starts over,
             *     and what was written before rings on no device and is sent to no webhook.
             */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Stats_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts what there is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Devices_register: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Chosen by the client, the same at every start: a UUID say. */
                deviceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterDeviceDto"];
            };
        };
        responses: {
            /**
             * @description Registers a device for push, or registers it anew: at each start of the app, whether or not anything changed. It belongs
             *     to the caller's session and goes with it; a token that another user had moves here. Of more than 25 the one that was
             *     registered longest ago goes.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Devices_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Chosen by the client, the same at every start: a UUID say. */
                deviceId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ends push to one of them. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Devices_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's devices, of all its sessions, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeviceView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Devices_log: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description Chosen by the client, the same at every start: a UUID say. */
                deviceId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was decided for one of them in the last 24 hours, the newest first: why it rang, or did not. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeviceLogEntryView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    WebKey_webKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server's public key, which browsers subscribe with. Made once and kept: another one would end every subscription. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebKeyView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Bots_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bots that there are, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["UserView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Bots_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateBotDto"];
            };
        };
        responses: {
            /** @description Makes a user that cannot log in. API keys act as it: its id goes into `X-Act-As`. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `USERNAME_TAKEN`: This username is already taken. `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_list: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhooks that there are, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WebhookView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhookDto"];
            };
        };
        responses: {
            /** @description Makes a webhook. The secret that receivers verify with is in this answer and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhookView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removes a webhook, with what waits for it and what was sent. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateWebhookDto"];
            };
        };
        responses: {
            /** @description Changes where a webhook leads or what it is sent, disables it, or enables it again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_rotateSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /**
             * @description Gives a webhook another secret, which is in this answer and nowhere else. For 24 hours what is sent carries a signature by the
             *     former one too, so that no delivery fails while the receiver changes over.
             */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhookView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `LIMIT_REACHED`: The limit is reached. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_test: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sends a `webhook.test` at once, once, and answers how it went. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_deliveries: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. Opaque. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was sent in the last 14 days, or is to be, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WebhookDeliveryView"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Webhooks_redeliver: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                deliveryId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sends one of them again, under the same `webhook-id`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `MESSAGE_DELETED`: The message has been deleted. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Retention_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How long a conversation keeps its messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetentionView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    Retention_set: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRetentionDto"];
            };
        };
        responses: {
            /** @description Sets it. What is older goes soon, and does not come back. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetentionView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    DirectEvents_mine: {
        parameters: {
            query?: {
                /** @description The newest so many are left out. */
                skip?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's messages with everybody, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatsView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatErrorView"];
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    DirectEvents_history: {
        parameters: {
            query?: {
                /** @description The newest so many are left out. */
                skip?: number;
                limit?: number;
            };
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's messages with one other user: the newest page but `skip` messages, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatHistoryView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatErrorView"];
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    DirectEvents_conversations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everybody the caller writes with, the last active first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatConversationsView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatErrorView"];
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    DirectEvents_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deletes a message of the caller's own for both. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatDeletedView"];
                };
            };
            /** @description Any error. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatErrorView"];
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    "WsRooms_rooms[0]": {
        parameters: {
            query?: {
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's rooms, the last active first, and a token to open WebSockets with. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    WsRooms_open: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenRoomDto"];
            };
        };
        responses: {
            /** @description Finds or creates the room with another user: 201 where it is new. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenedRoom"];
                };
            };
            /** @description Finds or creates the room with another user: 201 where it is new. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenedRoom"];
                };
            };
            /** @description `CANNOT_MESSAGE_SELF`: You cannot message yourself. `VALIDATION_FAILED`: The request is not valid. `MALFORMED_JSON`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `CANNOT_MESSAGE`: You cannot send messages to this user. `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. `FOREIGN_ORIGIN`: The request comes from a page of another origin. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `PAYLOAD_TOO_LARGE`: The request is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNSUPPORTED_MEDIA`: This content type or encoding is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    "WsRooms_rooms[1]": {
        parameters: {
            query?: {
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's rooms, the last active first, and a token to open WebSockets with. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomsView"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    WsRooms_messages: {
        parameters: {
            query?: {
                /** @description A message's id: what was written before it. */
                before?: string;
                limit?: number;
            };
            header?: never;
            path: {
                roomId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was written in a room, oldest first: the newest 100 without `before`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomMessage"][];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `NOT_FOUND`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
    WsRoomsProfile_profile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user who is logged in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomsProfile"];
                };
            };
            /** @description `VALIDATION_FAILED`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAUTHORIZED`: A valid access token is required. `TOKEN_EXPIRED`: The access token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `ACCOUNT_SUSPENDED`: The account is suspended until `until`, or until it is lifted where that is null; `reason` is why. `FORBIDDEN`: You may not do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `RATE_LIMITED`: Too many requests; try again later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `INTERNAL_ERROR`: An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
            /** @description `UNAVAILABLE`: The server cannot do this at the moment; try again shortly. `OVERLOADED`: The server is overloaded; try again shortly. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemView"];
                };
            };
        };
    };
}
