/*
 * What Debian's libmicrohttpd.a wants of GnuTLS, for programs that serve plain HTTP alone.
 *
 * Debian's static GnuTLS needs p11-kit, which has no static form, so it cannot be linked.
 * serve-http never asks libmicrohttpd for TLS (a reverse proxy's job, as its page says):
 * only the two calls at the start and end of the process are made, and they succeed. All
 * others tell the caller that there is no such thing. A newer libmicrohttpd that wants
 * another name does not link, and is seen.
 */
#include <stddef.h>

#define NO_SUCH_FEATURE (-1250) /* GNUTLS_E_UNIMPLEMENTED_FEATURE */

#define ABSENT(name)             \
	int name(void);          \
	int name(void)           \
	{                        \
		return NO_SUCH_FEATURE; \
	}

int gnutls_global_init(void);
void gnutls_global_deinit(void);
const char *gnutls_strerror(int error);
void *gnutls_session_get_ptr(void *session);
extern void *(*gnutls_malloc)(size_t size);

void *(*gnutls_malloc)(size_t size) = NULL;

int gnutls_global_init(void)
{
	return 0;
}

void gnutls_global_deinit(void)
{
}

const char *gnutls_strerror(int error)
{
	(void)error;
	return "this program has no TLS";
}

void *gnutls_session_get_ptr(void *session)
{
	(void)session;
	return NULL;
}

ABSENT(gnutls_alpn_set_protocols)
ABSENT(gnutls_bye)
ABSENT(gnutls_certificate_allocate_credentials)
ABSENT(gnutls_certificate_free_credentials)
ABSENT(gnutls_certificate_server_set_request)
ABSENT(gnutls_certificate_set_dh_params)
ABSENT(gnutls_certificate_set_retrieve_function2)
ABSENT(gnutls_certificate_set_retrieve_function3)
ABSENT(gnutls_certificate_set_x509_key_mem)
ABSENT(gnutls_certificate_set_x509_key_mem2)
ABSENT(gnutls_certificate_set_x509_trust_mem)
ABSENT(gnutls_cipher_get)
ABSENT(gnutls_credentials_set)
ABSENT(gnutls_deinit)
ABSENT(gnutls_dh_params_deinit)
ABSENT(gnutls_dh_params_import_pkcs3)
ABSENT(gnutls_dh_params_init)
ABSENT(gnutls_handshake)
ABSENT(gnutls_init)
ABSENT(gnutls_priority_deinit)
ABSENT(gnutls_priority_init)
ABSENT(gnutls_priority_set)
ABSENT(gnutls_protocol_get_version)
ABSENT(gnutls_psk_allocate_server_credentials)
ABSENT(gnutls_psk_free_server_credentials)
ABSENT(gnutls_psk_set_server_credentials_function)
ABSENT(gnutls_record_check_pending)
ABSENT(gnutls_record_get_direction)
ABSENT(gnutls_record_recv)
ABSENT(gnutls_record_send)
ABSENT(gnutls_session_set_ptr)
ABSENT(gnutls_transport_set_int2)
