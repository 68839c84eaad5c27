# Flattens a JSON document: prints each string, number or word in it as one line of its path, a tab
# and its value, for instance "public_keys/mykey<TAB>ssh-ed25519 AAAA... me@host". Escapes are
# resolved; blanks at the end of a value go, and line ends and tabs inside it become spaces.
# Characters beyond ASCII that are written as \uXXXX become question marks.

{ text = text $0 "\n" }

END { read_value("") }

# Takes the next token off the text: a string with its quotes, a bracket, a colon, a word.
function next_token(    token) {
    sub(/^[ \t\r\n,]+/, "", text)
    match(text, /^("([^"\\]|\\.)*"|[][{}:]|[^][{}:, \t\r\n"]+)/)
    token = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    return token
}

function read_value(path,    token) {
    token = next_token()
    if (token == "{")
        read_object(path)
    else if (token == "[")
        read_list(path)
    else
        print path "\t" plain(token)
}

function read_object(path,    token) {
    while ((token = next_token()) != "}" && token != "") {
        next_token()
        read_value(join(path, plain(token)))
    }
}

function read_list(path,    number) {
    for (number = 0; text !~ /^[ \t\r\n,]*(\]|$)/; number++)
        read_value(join(path, number))
    next_token()
}

function join(path, name) {
    return path == "" ? name : path "/" name
}

# The text that a token stands for.
function plain(token,    result, letter) {
    if (token !~ /^"/)
        return token
    token = substr(token, 2, length(token) - 2)
    while (match(token, /\\./)) {
        letter = substr(token, RSTART + 1, 1)
        result = result substr(token, 1, RSTART - 1)
        token = substr(token, RSTART + 2)
        if (letter == "u") {
            result = result character(tolower(substr(token, 1, 4)))
            token = substr(token, 5)
        } else
            result = result (letter ~ /[bfnrt]/ ? " " : letter)
    }
    result = result token
    gsub(/[\r\n\t]/, " ", result)
    sub(/ +$/, "", result)
    return result
}

function character(hex,    code, i) {
    for (i = 1; i <= 4; i++)
        code = code * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
    if (code < 32)
        return " "
    return code < 127 ? sprintf("%c", code) : "?"
}
