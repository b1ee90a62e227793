"""Names of columns that sound as if they told about a person, in the languages that headers are written in."""

from __future__ import annotations

import re

WORDS = {
    "English": "e_?mail phone mobile fax birth birthday birth_?date date_of_birth dob ssn social_security passport "
    "iban credit_card card_number street address postcode zip_code first_?name last_?name sur_?name full_?name "
    "maiden_name tax_id salary",
    "German": "e_?mail_?adresse telefon telefonnummer handy handynummer mobilnummer faxnummer vor_?name nach_?name "
    "familien_?name geburtsname geburts_?datum geburts_?tag geburts_?jahr geburts_?ort strasse hausnummer anschrift "
    "adresse plz postleitzahl steuer_?nummer steuer_?id sozialversicherungsnummer kreditkarte reisepass gehalt",
    "French": "courriel telephone prenom nom_de_famille nom_de_naissance nom_complet naissance rue code_postal "
    "securite_sociale carte_bancaire passeport salaire",
    "Spanish": "correo telefono movil nombre apellidos? nacimiento direccion calle codigo_postal dni nif "
    "tarjeta_de_credito pasaporte salario",
    "Italian": "cellulare posta_elettronica cognome nascita indirizzo codice_fiscale passaporto stipendio",
    "Dutch": "telefoon telefoonnummer mobiel voornaam achternaam geboorte_?datum straat huisnummer adres bsn "
    "paspoort salaris",
}
"""Patterns of words as they stand in a column's name: lower-case, without accents, ``_`` between."""
PERSONAL = rf"(^|_)({'|'.join(' '.join(WORDS.values()).split())})(_|$)"
"""The pattern of such names; the policy `pii_classified` asks for a classification of them."""


def is_personal(name: str) -> bool:
    """Whether a column's name suggests that it tells about a person."""
    return bool(re.search(PERSONAL, name))
